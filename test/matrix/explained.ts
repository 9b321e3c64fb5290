/** The cells that do not work because of a peer or a revision, with the reason. */

import type { Wire } from "./places.ts";
import type { Feature } from "./plan.ts";

interface Explanation {
  /** The clients, servers and places by their titles; by default all. */
  readonly client?: RegExp;
  readonly server?: RegExp;
  readonly place?: RegExp;
  readonly wire?: Wire;
  readonly features: readonly (Feature | "connect")[];
  readonly reason: string;
}

const all = ["tools", "resources", "connect"] as const;

const explanations: readonly Explanation[] = [
  {
    client: /^Lutra, 2025-03-26/,
    features: ["elicitation"],
    reason: "Elicitation exists from 2025-06-18 on.",
  },
  {
    client: /^Lutra, 2025/,
    features: ["tasks"],
    reason: "The Tasks extension belongs to 2026-07-28.",
  },
  {
    client: /^Inspector .* modern/,
    server: /^official SDK 1|^server-everything/,
    place: /^direct/,
    features: all,
    reason:
      "With this option, the Inspector accepts 2026-07-28 only, and the server opens sessions.",
  },
  {
    client: /^(?!Lutra, auto|official SDK 2.4.0, auto)/,
    server: /^official SDK 2/,
    place: /^direct/,
    wire: "HTTP",
    features: ["elicitation", "sampling", "roots", "subscribe"],
    reason:
      "Over HTTP, the official SDK 2 keeps no session for clients of earlier revisions, and sends them no requests and no changes.",
  },
  {
    client: /^Lutra, 2025-06-18/,
    server: /^server-everything/,
    place: /^gateway|^two gateways/,
    features: ["elicitation"],
    reason:
      "The form of the server has a field with several values, which 2025-06-18 does not have; the gateway opens a session of 2025-11-25.",
  },
  {
    client: /^@mastra/,
    server: /^official SDK 1/,
    place: /^direct/,
    features: ["subscribe"],
    reason: "Mastra subscribes with the requests of 2026-07-28 only.",
  },
  {
    client: /^Lutra, 2025-11-25/,
    server: /^tmcp/,
    place: /^direct/,
    features: ["tools", "resources", "elicitation", "progress"],
    reason:
      "tmcp opens sessions of 2025-06-18 and earlier revisions, and the client accepts no other than its own.",
  },
  {
    client: /^mcp-remote/,
    features: ["progress"],
    reason:
      "mcp-remote is built on the official SDK, whose clients drop progress that they read in one chunk with the result.",
  },
  {
    server: /^Lutra|^official SDK 2/,
    place: /^two gateways/,
    wire: "stdio",
    features: ["subscribe"],
    reason:
      "Over stdio, each gateway has a process of its own, and a process announces only its own changes.",
  },
  {
    server: /^official SDK 1|^server-everything/,
    place: /^two gateways/,
    features: ["subscribe"],
    reason:
      "The server announces a change only in the session in which it happens, and each gateway has a session of its own.",
  },
];

/** Returns the reason why a cell can't work, if there is one. */
export function explanationOf(cell: {
  readonly client: string;
  readonly server: string;
  readonly wire: Wire;
  readonly place: string;
  readonly feature: string;
}): string | undefined {
  return explanations.find(
    ({ client, server, place, wire = cell.wire, features }) =>
      (client?.test(cell.client) ?? true) &&
      (server?.test(cell.server) ?? true) &&
      (place?.test(cell.place) ?? true) &&
      wire === cell.wire &&
      (features as readonly string[]).includes(cell.feature),
  )?.reason;
}

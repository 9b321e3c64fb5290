/** A client against a legacy server that makes it work. */
import { afterEach, expect, it } from "vitest";
import { type Client, createClient } from "../../client/index.ts";
import { createMemoryVerdicts } from "./verdicts.ts";

const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

type Handle = (message: {
  readonly id?: unknown;
  readonly method?: string;
}) => Response | undefined;

/** Connects to a server that answers `initialize`, and leaves the rest to `handle`. */
function connect(handle: Handle, resume: () => Response): Client {
  const result = { protocolVersion: "2025-06-18", capabilities: { tools: {} } };
  const answer = async (_url: string, init: RequestInit): Promise<Response> => {
    if (init.method === "GET") {
      return new Headers(init.headers).has("last-event-id")
        ? resume()
        : new Response(undefined, { status: 405 });
    }
    if (init.method !== "POST") return new Response(undefined, { status: 405 });
    const message = JSON.parse(await new Response(init.body).text());
    if (message.method === "initialize") {
      return Response.json({ jsonrpc: "2.0", id: message.id, result });
    }
    return handle(message) ?? new Response(undefined, { status: 202 });
  };
  const client = createClient("http://hostile.example.com/mcp", {
    era: "2025-06-18",
    fetch: answer as typeof fetch,
    verdicts: createMemoryVerdicts(),
  });
  clients.push(client);
  return client;
}

function events(...lines: readonly string[]): Response {
  const headers = { "content-type": "text/event-stream" };
  return new Response(lines.join(""), { headers });
}

const event = (message: object): string =>
  `data: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`;
const neverResponds = (): Response => {
  throw new Error("expected no request to resume");
};

it("keeps a bounded number of answers to pings on their way", async () => {
  const pings = Array.from({ length: 3000 }, (_, id) => event({ id, method: "ping" }));
  let answers = 0;
  const client = connect(({ id, method }) => {
    if (method === "tools/list") return events(...pings, event({ id, result: { tools: [] } }));
    if (method === undefined) {
      answers += 1;
      // The body never ends, and neither does the response of a server that reads nothing.
      return new Promise<Response>(() => {}) as never;
    }
    return undefined;
  }, neverResponds);
  expect(await client.listTools()).toMatchObject({ tools: [] });
  expect(answers).toBe(1000);
});

it("pauses before it resumes a stream, also when the server wants none", async () => {
  const progress = { method: "notifications/message", params: { level: "info", data: "x" } };
  const resumed: number[] = [];
  let asked: unknown;
  const client = connect(
    ({ id, method }) => {
      if (method !== "tools/list") return undefined;
      asked = id;
      return events("retry: 0\nid: 1\n", event(progress));
    },
    () => {
      resumed.push(performance.now());
      const last = resumed.length === 3 ? event({ id: asked, result: { tools: [] } }) : "";
      return events(`id: ${resumed.length + 1}\n`, event(progress), last);
    },
  );
  const start = performance.now(); // time: a lower bound, which load does not change
  expect(await client.listTools()).toMatchObject({ tools: [] });
  expect(resumed).toHaveLength(3);
  // Timers may fire up to a millisecond early.
  expect((resumed[2] ?? 0) - start).toBeGreaterThan(3 * 99); // time: a lower bound
});

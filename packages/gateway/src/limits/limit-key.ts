/** The keys under which a limit counts requests. */
import { hash } from "node:crypto";
import { isIPv6 } from "node:net";
import type { LimitConfig } from "../config/schema.ts";
import { plainAddress } from "../head/peers.ts";
import type { RoutingInput } from "../routes/match.ts";
import type { Subject } from "../subjects/subject.ts";

type Per = LimitConfig["per"][number];

/** Maximum length of a key. Longer keys are hashed, so that clients cannot exhaust the memory. */
const maxKeyLength = 128;

/**
 * Compiles `per` into a function that returns the key of a request. Callers without a principal are
 * distinguished by their address.
 */
export function compileKey(per: readonly Per[]): (input: RoutingInput) => string {
  const parts = per.map(compilePart);
  if (parts.length === 0) return () => "";
  return (input) => {
    const key = JSON.stringify(parts.map((part) => part(input) ?? null));
    if (key.length <= maxKeyLength) return key;
    return hash("sha256", key, "base64url");
  };
}

function compilePart(per: Per): (input: RoutingInput) => string | undefined {
  if (per === "principal") {
    return ({ principal, head }) =>
      principal === undefined ? `address ${network(head.address)}` : `principal ${principal}`;
  }
  if (per === "address") return ({ head }) => network(head.address);
  if (per === "upstream") return ({ subject }) => subject?.countedAt;
  if (per === "tool") return ({ subject, head }) => (subject ? toolKey(subject) : head.name);
  const name = per.slice("param:".length).toLowerCase();
  return ({ head }) => head.param(name);
}

/** Returns the same key for all names of a tool, prompt or resource. */
function toolKey(subject: Subject): string {
  const { countedAt, kind, name } = subject;
  return JSON.stringify([countedAt, kind, kind === "resource" ? subject.canonical[0] : name]);
}

/**
 * Returns the part of an address that a client cannot choose: an IPv4 address, or the first 64 bits
 * of an IPv6 address, because each subscriber has at least 2^64 of these.
 */
export function network(address: string): string {
  const bare = plainAddress(address);
  if (!isIPv6(bare)) return bare;
  const [head = "", tail] = bare.toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - lengthOf(tail);
  const all = [...groups, ...Array<string>(missing).fill("0"), ...(tail ? tail.split(":") : [])];
  const first = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${first.join(":")}::/64`;
}

/** Returns the number of 16-bit groups in a text; an IPv4 address at the end counts as two. */
function lengthOf(tail: string): number {
  if (tail === "") return 0;
  return tail.split(":").length + (tail.includes(".") ? 1 : 0);
}

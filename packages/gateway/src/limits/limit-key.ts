/** Whose use a limit counts. */
import { hash } from "node:crypto";
import { isIPv6 } from "node:net";
import type { LimitConfig } from "../config/schema.ts";
import { plainAddress } from "../head/peers.ts";
import type { Caller } from "../routes/match.ts";

type Per = LimitConfig["per"][number];

/** Longer keys are kept as their digests, so that what clients write can't fill the memory. */
const maxKeyLength = 128;

/**
 * Compiles `per` into what names the share that a request uses up. Callers without a principal are
 * told apart by their address.
 */
export function compileKey(per: readonly Per[]): (caller: Caller) => string {
  const parts = per.map(compilePart);
  if (parts.length === 0) return () => "";
  return (caller) => {
    const key = JSON.stringify(parts.map((part) => part(caller) ?? null));
    if (key.length <= maxKeyLength) return key;
    return hash("sha256", key, "base64url");
  };
}

function compilePart(per: Per): (caller: Caller) => string | undefined {
  if (per === "principal") {
    return ({ principal, head }) =>
      principal === undefined ? `address ${network(head.address)}` : `principal ${principal}`;
  }
  if (per === "address") return ({ head }) => network(head.address);
  if (per === "tool") return ({ head }) => head.name;
  const name = per.slice("param:".length).toLowerCase();
  return ({ head }) => head.param(name);
}

/**
 * What one client can't change at will: an IPv4 address, or the first 64 bits of an IPv6 one, of
 * which each subscriber has at least 2^64.
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

/** How many groups of 16 bits a text has; an IPv4 address at the end counts as two. */
function lengthOf(tail: string): number {
  if (tail === "") return 0;
  return tail.split(":").length + (tail.includes(".") ? 1 : 0);
}

/** The caller of a request, as far as limits distinguish callers. */
import type { RequestContext } from "./exchange.ts";

/** Maximum length of an address. A proxy may pass on a longer text from a client. */
const maxAddressLength = 64;

/**
 * Returns the name of the caller for limits: the principal, or else the network of its address. All
 * callers without either have the same name.
 */
export function callerOf({
  principal,
  address = "",
}: Pick<RequestContext, "principal" | "address">): string {
  if (principal !== undefined) return `principal ${principal.id}`;
  return `address ${networkOf(address.slice(0, maxAddressLength))}`;
}

/**
 * Returns the part of an address that a client cannot choose: an IPv4 address, or the first 64 bits
 * of an IPv6 address, because each subscriber has at least 2^64 of these.
 */
export function networkOf(address: string): string {
  const bare = plainAddress(address);
  if (!bare.includes(":")) return bare;
  const [head = "", tail] = bare.toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : Math.max(0, 8 - groups.length - lengthOf(tail));
  const all = [...groups, ...Array<string>(missing).fill("0"), ...(tail ? tail.split(":") : [])];
  const first = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${first.join(":")}::/64`;
}

/** Normalizes an address: IPv4 in IPv6 notation becomes plain IPv4, and an IPv6 zone is removed. */
export function plainAddress(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1] as string;
  const [bare = ""] = address.split("%", 1);
  return bare;
}

/** Returns the number of 16-bit groups in a text; an IPv4 address at the end counts as two. */
function lengthOf(tail: string): number {
  if (tail === "") return 0;
  return tail.split(":").length + (tail.includes(".") ? 1 : 0);
}

/**
 * The headers `X-Forwarded-For`, `-Proto` and `-Host`, which describe the path of a request. The
 * gateway continues those of a trusted proxy and drops all others, which may be forged. So upstreams
 * can trust the headers of the gateway.
 *
 * `Forwarded` (RFC 7239) is neither read nor passed on, because it could contradict the others.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { type Peer, type Peers, plainAddress } from "./peers.ts";

/** The headers that the gateway writes itself. */
export const forwardedNames = {
  for: "x-forwarded-for",
  proto: "x-forwarded-proto",
  host: "x-forwarded-host",
} as const;

/** The headers that are never passed on unchanged. */
export const rewrittenHeaders: readonly string[] = [...Object.values(forwardedNames), "forwarded"];

/** Returns true for the lower-case name of a header that only a trusted proxy may send. */
export function isClaim(name: string): boolean {
  return name.startsWith("x-forwarded-") || name === "x-real-ip";
}

/** Appends the forwarded headers, as alternating names and values. */
export function addForwarded(headers: string[], { headers: sent }: IncomingMessage, peer: Peer) {
  const { address, isTrusted } = peer;
  const before = isTrusted ? sentText(sent, forwardedNames.for) : undefined;
  if (address !== "") {
    headers.push(forwardedNames.for, before === undefined ? address : `${before}, ${address}`);
  }
  // The gateway's own listener has no TLS.
  const proto = isTrusted ? sentText(sent, forwardedNames.proto) : undefined;
  headers.push(forwardedNames.proto, proto ?? "http");
  const host = (isTrusted ? sentText(sent, forwardedNames.host) : undefined) ?? sent.host;
  if (host !== undefined) headers.push(forwardedNames.host, host);
}

/**
 * Returns the address of the client: that of the peer or, behind trusted proxies, the rightmost
 * untrusted entry of `X-Forwarded-For`, because each proxy appends to its end. Stops at an entry
 * that cannot be read.
 */
export function clientAddress({ headers }: IncomingMessage, peer: Peer, peers: Peers): string {
  if (!peer.isTrusted) return peer.address;
  const entries = sentText(headers, forwardedNames.for)?.split(",") ?? [];
  let { address } = peer;
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const before = readAddress(entries[index] as string);
    if (before === undefined) return address;
    address = before;
    if (!peers.isTrusted(address)) return address;
  }
  return address;
}

/** Reads an address that may be followed by a port. An IPv6 address with a port has brackets. */
function readAddress(text: string): string | undefined {
  const entry = text.trim();
  const [, bracketed, dotted] = /^\[(.+)\](?::\d+)?$|^([\d.]+):\d+$/.exec(entry) ?? [];
  const address = plainAddress(bracketed ?? dotted ?? entry);
  return isIP(address) === 0 ? undefined : address;
}

function sentText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.join(", ");
}

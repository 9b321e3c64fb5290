/**
 * The headers `X-Forwarded-For`, `-Proto` and `-Host`, which describe the original request: the
 * client's address, the scheme and the host; and `X-Real-IP`, the client's address alone, which a
 * server can read without knowing the trusted proxies. The gateway extends the headers of a trusted proxy and
 * drops those of any other peer, which may be forged. Upstreams can therefore trust the gateway's.
 *
 * `Forwarded` (RFC 7239) is neither read nor passed on, because it could contradict the others.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { plainAddress, unixAddress } from "lutra/internal";
import type { Peer, Peers } from "./peers.ts";

/** The headers that the gateway writes itself. */
export const forwardedNames = {
  for: "x-forwarded-for",
  proto: "x-forwarded-proto",
  host: "x-forwarded-host",
  client: "x-real-ip",
} as const;

/** The headers that are never passed on unchanged. */
export const rewrittenHeaders: readonly string[] = [...Object.values(forwardedNames), "forwarded"];

/** Returns true for the lower-case name of a header that only a trusted proxy may send. */
export function isClaim(name: string): boolean {
  return name.startsWith("x-forwarded-");
}

/**
 * Appends the forwarded headers to a list of alternating names and values. `client` is the result of
 * `clientAddress`.
 */
export function addForwarded(
  headers: string[],
  { headers: sent }: IncomingMessage,
  { peer, client }: { readonly peer: Peer; readonly client: string },
): void {
  const { address, isTrusted } = peer;
  const before = isTrusted ? sentText(sent, forwardedNames.for) : undefined;
  // A Unix socket has no address that an upstream could use.
  const hops = [before, address === unixAddress ? "" : address].filter(Boolean);
  if (hops.length > 0) headers.push(forwardedNames.for, hops.join(", "));
  if (client !== "" && client !== unixAddress) headers.push(forwardedNames.client, client);
  const proto = isTrusted ? sentText(sent, forwardedNames.proto) : undefined;
  headers.push(forwardedNames.proto, proto ?? peer.proto);
  const host = (isTrusted ? sentText(sent, forwardedNames.host) : undefined) ?? sent.host;
  if (host !== undefined) headers.push(forwardedNames.host, host);
}

/**
 * Returns the address of the client: the peer's address or, behind trusted proxies, the rightmost
 * untrusted entry of `X-Forwarded-For`, because each proxy appends to the end. If an entry is not
 * an address, returns the address to its right.
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

/** Parses an address with an optional port. An IPv6 address with a port must be in brackets. */
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

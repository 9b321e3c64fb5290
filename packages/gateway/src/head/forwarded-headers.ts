/**
 * What HTTP headers say of the way that a request has come: `X-Forwarded-For`, `-Proto` and
 * `-Host`. A proxy that the configuration trusts is believed, and its account is continued; what
 * anybody else says of it is dropped, since it may be made up. An upstream can believe the gateway.
 *
 * `Forwarded` (RFC 7239) is neither read nor passed on: an account beside the other one could
 * contradict it.
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

/** Headers that are never passed on as they came. */
export const rewritten: readonly string[] = [...Object.values(forwardedNames), "forwarded"];

/** Whether a header, by its name in lower case, is believed only when a trusted proxy sends it. */
export function isClaim(name: string): boolean {
  return name.startsWith("x-forwarded-") || name === "x-real-ip";
}

/** Adds how the request has come, as names and values in turn. */
export function addForwarded(headers: string[], { headers: sent }: IncomingMessage, peer: Peer) {
  const { address, isTrusted } = peer;
  const before = isTrusted ? sentText(sent, forwardedNames.for) : undefined;
  if (address !== "") {
    headers.push(forwardedNames.for, before === undefined ? address : `${before}, ${address}`);
  }
  // The gateway's own listener speaks without TLS.
  const proto = isTrusted ? sentText(sent, forwardedNames.proto) : undefined;
  headers.push(forwardedNames.proto, proto ?? "http");
  const host = (isTrusted ? sentText(sent, forwardedNames.host) : undefined) ?? sent.host;
  if (host !== undefined) headers.push(forwardedNames.host, host);
}

/**
 * The address of the client: the peer, or where that is a trusted proxy the last address of the
 * account that is none, since a proxy adds to its end. An account that breaks off counts as far as
 * it goes.
 */
export function clientAddress({ headers }: IncomingMessage, peer: Peer, peers: Peers): string {
  if (!peer.isTrusted) return peer.address;
  const account = sentText(headers, forwardedNames.for)?.split(",") ?? [];
  let { address } = peer;
  for (let index = account.length - 1; index >= 0; index -= 1) {
    const before = readAddress(account[index] as string);
    if (before === undefined) return address;
    address = before;
    if (!peers.isTrusted(address)) return address;
  }
  return address;
}

/** Reads an address that may have a port, and brackets where it has colons of its own. */
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

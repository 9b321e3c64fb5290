/** Who is at the other end of a connection, and whether it is a proxy that is believed. */
import { BlockList, isIPv6 } from "node:net";
import { parseAddressRange } from "../config/address-range.ts";

export interface Peer {
  /** Empty when the connection was gone before anybody asked. */
  readonly address: string;
  readonly isTrusted: boolean;
}

/** What is read of a connection. */
export interface Connection {
  readonly remoteAddress?: string | undefined;
}

export interface Peers {
  /** Found out once for each connection. */
  readonly of: (connection: Connection) => Peer;
  /** Whether an address is one of a proxy that is believed. */
  readonly isTrusted: (address: string) => boolean;
}

/**
 * Compiles the addresses and ranges of the proxies that are believed.
 *
 * @throws {TypeError} for what is neither
 */
export function createPeers(trustedProxies: readonly string[]): Peers {
  const known = new WeakMap<Connection, Peer>();
  const isTrusted = compileTrust(trustedProxies);
  return {
    isTrusted,
    of: (connection) => {
      let peer = known.get(connection);
      if (peer === undefined) {
        const address = plainAddress(connection.remoteAddress ?? "");
        peer = { address, isTrusted: isTrusted(address) };
        known.set(connection, peer);
      }
      return peer;
    },
  };
}

function compileTrust(trustedProxies: readonly string[]): Peers["isTrusted"] {
  if (trustedProxies.length === 0) return () => false;
  const trusted = new BlockList();
  for (const text of trustedProxies) {
    const range = parseAddressRange(text);
    if (range === undefined) throw new TypeError(`${text}: expected an address or a range of them`);
    trusted.addSubnet(range.address, range.prefix, range.family);
  }
  return (address) => address !== "" && trusted.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** The one text for an address: of IPv4 as itself, however the socket writes it; without its zone. */
export function plainAddress(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1] as string;
  const [bare = ""] = address.split("%", 1);
  return bare;
}

/** The peers of connections, and the trust in those that are proxies. */
import { BlockList, isIPv6 } from "node:net";
import { plainAddress, unixAddress } from "lutra/internal";
import { parseAddressRange } from "../config/address-range.ts";

export interface Peer {
  /** Empty when the connection had closed before its address was read. */
  readonly address: string;
  /** True for a trusted proxy. */
  readonly isTrusted: boolean;
  /** The scheme of the connection to the gateway. */
  readonly proto: "http" | "https";
}

/** The properties that are read of a socket. */
interface Connection {
  readonly remoteAddress?: string | undefined;
  /** True for a connection with TLS. */
  readonly encrypted?: boolean | undefined;
}

export interface Peers {
  /** Returns the peer of a connection; computed once for each connection. */
  readonly of: (connection: Connection) => Peer;
  /** Returns true for the address of a trusted proxy. */
  readonly isTrusted: (address: string) => boolean;
}

/**
 * Compiles the addresses and address ranges of the trusted proxies.
 *
 * @throws {TypeError} for a text that is neither
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
        const proto = connection.encrypted === true ? "https" : "http";
        peer = { address, isTrusted: isTrusted(address), proto };
        known.set(connection, peer);
      }
      return peer;
    },
  };
}

function compileTrust(trustedProxies: readonly string[]): Peers["isTrusted"] {
  if (trustedProxies.length === 0) return () => false;
  const trustsUnix = trustedProxies.includes(unixAddress);
  const trusted = new BlockList();
  for (const text of trustedProxies) {
    if (text === unixAddress) continue;
    const range = parseAddressRange(text);
    if (range === undefined)
      throw new TypeError(`${text}: expected an IP address or a range such as 10.0.0.0/8`);
    trusted.addSubnet(range.address, range.prefix, range.family);
  }
  return (address) => {
    if (address === "") return false;
    if (address === unixAddress) return trustsUnix;
    return trusted.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  };
}

/**
 * Reads the head of a request in one pass over its headers.
 *
 * @spec basic/transports/streamable-http#request-metadata
 */
import type { IncomingMessage } from "node:http";
import { decodeHeaderValue, headerNames, latestVersion, ProtocolError } from "lutra/protocol";
import { addForwarded, clientAddress, isClaim, rewritten } from "./forwarded.ts";
import type { Head } from "./head.ts";
import { createPeers, type Peer, type Peers } from "./peers.ts";

/** Headers that belong to one connection, not to the message. `expect` was already answered. */
const hopByHop = [
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** What the gateway has judged itself; an upstream knows itself under other names. */
const judged = ["host", "origin"];

/** What is never passed on as it came. */
const withheld = new Set([...hopByHop, ...judged, ...rewritten]);

const date = /^\d{4}-\d{2}-\d{2}$/;

/** Believes no proxy. */
const strangers = createPeers([]);

/**
 * Reads the head. `peers` says which proxies are believed; none by default.
 *
 * @throws {ProtocolError} `headerMismatch` for metadata that was sent twice or can't be decoded
 * @spec basic/transports/streamable-http#value-encoding
 */
export function readHead(req: IncomingMessage, peers: Peers = strangers): Head {
  return new RequestHead(req, peers);
}

class RequestHead implements Head {
  readonly version: string | undefined;
  readonly method: string | undefined;
  readonly name: string | undefined;
  readonly headers: readonly string[];
  readonly #req: IncomingMessage;
  readonly #peers: Peers;
  readonly #peer: Peer;
  readonly #params: ReadonlyMap<string, string> | undefined;

  constructor(req: IncomingMessage, peers: Peers) {
    const peer = peers.of(req.socket);
    const headers: string[] = [];
    const metadata = new Map<string, string>();
    const { rawHeaders } = req;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = (rawHeaders[index] as string).toLowerCase();
      if (withheld.has(name) || (!peer.isTrusted && isClaim(name))) continue;
      const value = rawHeaders[index + 1] as string;
      headers.push(name, value);
      if (!name.startsWith("mcp-")) continue;
      if (metadata.has(name)) throw mismatch(`${name}: sent more than once`);
      metadata.set(name, value);
    }
    this.#req = req;
    this.#peers = peers;
    this.#peer = peer;
    const passed = withoutNamed(headers, req.headers.connection);
    // After the client has named what belongs to its connection, which these do not.
    addForwarded(passed, req, peer);
    this.headers = passed;
    this.version = modernVersion(metadata.get(headerNames.version));
    this.method = metadata.get(headerNames.method);
    const name = metadata.get(headerNames.name);
    this.name = name === undefined ? undefined : decodeHeaderValue(name, "Mcp-Name");
    this.#params = metadata;
  }

  param(name: string): string | undefined {
    const header = `${headerNames.paramPrefix}${name}`;
    const value = this.#params?.get(header);
    return value === undefined ? undefined : decodeHeaderValue(value, header);
  }

  get address(): string {
    return clientAddress(this.#req, this.#peer, this.#peers);
  }
}

/**
 * Only from the first revision that has them on must servers refuse headers that differ from the
 * body, so only there do headers say anything. Later revisions count as well.
 *
 * @spec basic/transports/streamable-http#server-validation
 */
function modernVersion(version: string | undefined): string | undefined {
  if (version === undefined || !date.test(version)) return undefined;
  return version >= latestVersion ? version : undefined;
}

/** Names in `Connection` belong to the connection, too. Most often there are none. */
function withoutNamed(headers: string[], connection: string | undefined): string[] {
  if (connection === undefined || connection === "keep-alive" || connection === "close") {
    return headers;
  }
  const named = new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
  return headers.filter((_, index) => !named.has(headers[index - (index % 2)] as string));
}

function mismatch(message: string): ProtocolError {
  return new ProtocolError("headerMismatch", `Header mismatch: ${message}`);
}

/**
 * Reads the head of a request in one pass over its headers.
 *
 * @spec basic/transports/streamable-http#request-metadata
 */
import type { IncomingMessage } from "node:http";
import {
  coreMethods,
  decodeHeaderValue,
  headerNames,
  latestVersion,
  ProtocolError,
} from "lutra/protocol";
import { addForwarded, clientAddress, isClaim, rewritten } from "./forwarded-headers.ts";
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

/** Methods whose requests name nothing, so that no server compares `Mcp-Name` with anything. */
const nameless = new Set(coreMethods.filter((one) => !one.nameField).map(({ name }) => name));

const date = /^\d{4}-\d{2}-\d{2}$/;

/** Believes no proxy. */
const strangers = createPeers([]);

/**
 * Reads the head. `peers` says which proxies are believed; none by default.
 *
 * @throws {ProtocolError} `headerMismatch` for metadata that was sent twice, can't be decoded or is
 *   not meant for the upstream; `invalidRequest` for credentials that were sent twice
 * @spec basic/transports/streamable-http#value-encoding
 */
export function readHead(req: IncomingMessage, peers: Peers = strangers): Head {
  return new RequestHead(req, peers);
}

class RequestHead implements Head {
  version: string | undefined = undefined;
  method: string | undefined = undefined;
  name: string | undefined = undefined;
  readonly #req: IncomingMessage;
  readonly #peers: Peers;
  readonly #peer: Peer;
  #hasCredentials = false;
  /** `Mcp-Param-*` and other metadata, which few requests have. */
  #others: Map<string, string> | undefined;
  #headers: readonly string[] | undefined;

  constructor(req: IncomingMessage, peers: Peers) {
    this.#req = req;
    this.#peers = peers;
    this.#peer = peers.of(req.socket);
    const { rawHeaders } = req;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const rawName = rawHeaders[index] as string;
      if (mayMatter(rawName)) this.#take(rawName.toLowerCase(), rawHeaders[index + 1] as string);
    }
    requireOfMessage(req.headers.connection);
    this.version = modernVersion(this.version);
    if (this.name === undefined) return;
    this.name = mayHaveName(this.method) ? decodeHeaderValue(this.name, "Mcp-Name") : undefined;
  }

  #take(name: string, value: string): void {
    if (name === headerNames.version) this.version = once(name, value, this.version);
    else if (name === headerNames.method) this.method = once(name, value, this.method);
    else if (name === headerNames.name) this.name = once(name, value, this.name);
    else if (name.startsWith("mcp-")) {
      this.#others ??= new Map();
      this.#others.set(name, once(name, value, this.#others.get(name)));
    } else if (name === "authorization") {
      if (this.#hasCredentials) throw severalCredentials();
      this.#hasCredentials = true;
    }
  }

  /** Made when it is asked for: what the cache answers goes nowhere. */
  get headers(): readonly string[] {
    this.#headers ??= passedHeaders(this.#req, this.#peer);
    return this.#headers;
  }

  param(name: string): string | undefined {
    const header = `${headerNames.paramPrefix}${name}`;
    const value = this.#others?.get(header);
    return value === undefined ? undefined : decodeHeaderValue(value, header);
  }

  get address(): string {
    return clientAddress(this.#req, this.#peer, this.#peers);
  }
}

/** Takes the value of a header that may be sent once. */
function once(name: string, value: string, before: string | undefined): string {
  if (before !== undefined) throw mismatch(`${name}: sent more than once`);
  return value;
}

/** Whether `Mcp-Name` means something; beside a method that has no name it is the client's whim. */
export function mayHaveName(method: string | undefined): boolean {
  return method === undefined || !nameless.has(method);
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

/** Whether a header may be metadata or credentials, by its first letter: most are neither. */
function mayMatter(rawName: string): boolean {
  const first = rawName.charCodeAt(0) | 0x20;
  return first === letterM || first === letterA;
}

const letterA = 0x61;
const letterM = 0x6d;

/** The headers that go on, names and values in turn. */
function passedHeaders(req: IncomingMessage, peer: Peer): readonly string[] {
  const { rawHeaders } = req;
  const named = namesIn(req.headers.connection);
  const headers: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase();
    if (withheld.has(name) || named?.has(name) || (!peer.isTrusted && isClaim(name))) continue;
    headers.push(name, rawHeaders[index + 1] as string);
  }
  addForwarded(headers, req, peer);
  return headers;
}

/** Names in `Connection` belong to the connection, too. Most often there are none. */
function namesIn(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === "keep-alive" || connection === "close") {
    return undefined;
  }
  return new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
}

/**
 * Metadata can't be of the connection: a route would be found by what the upstream never sees, and a
 * server of both eras would take the body for one of an earlier revision, which need not be what the
 * headers said.
 */
function requireOfMessage(connection: string | undefined): void {
  for (const name of namesIn(connection) ?? []) {
    if (name.startsWith("mcp-")) throw mismatch(`Connection: ${name} is not of the connection`);
  }
}

/** The gateway would judge by one of them, and the upstream perhaps by the other. */
function severalCredentials(): ProtocolError {
  return new ProtocolError("invalidRequest", "Authorization: sent more than once");
}

function mismatch(message: string): ProtocolError {
  return new ProtocolError("headerMismatch", `Header mismatch: ${message}`);
}

/**
 * Reads the head of a request in one pass over its headers.
 *
 * @spec basic/transports/streamable-http#request-metadata
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { headerMismatch, principalHeader } from "lutra/internal";
import { coreMethods, decodeHeaderValue, headerNames, latestVersion } from "lutra/protocol";
import { repeatedCredentials } from "../refuse.ts";
import { byName } from "./by-name.ts";
import { addForwarded, clientAddress, isClaim, rewrittenHeaders } from "./forwarded-headers.ts";
import type { Head } from "./head.ts";
import { checkedHeaders, hopByHop, namesInConnection } from "./known-headers.ts";
import { createPeers, type Peer, type Peers } from "./peers.ts";

/** The headers that are never passed on unchanged. Only the gateway itself names a principal. */
const withheld = new Set([...hopByHop, ...checkedHeaders, ...rewrittenHeaders, principalHeader]);

/** The methods without a name field. No server compares `Mcp-Name` with their bodies. */
const nameless = new Set(coreMethods.filter((one) => !one.nameField).map(({ name }) => name));

/** The methods whose arguments are mirrored. */
const mirroring = new Set(coreMethods.filter((one) => one.paramHeaders).map(({ name }) => name));

const date = /^\d{4}-\d{2}-\d{2}$/;

const noTrustedProxies = createPeers([]);

/**
 * Reads the head of a request.
 *
 * @param peers The trusted proxies. By default none
 * @throws {ProtocolError} `headerMismatch` for metadata that is repeated, cannot be decoded or is
 *   named in `Connection`; `invalidRequest` for repeated credentials
 * @spec basic/transports/streamable-http#value-encoding
 */
export function readHead(req: IncomingMessage, peers: Peers = noTrustedProxies): Head {
  return new RequestHead(req, peers);
}

class RequestHead implements Head {
  version: string | undefined = undefined;
  olderVersion: string | undefined = undefined;
  method: string | undefined = undefined;
  name: string | undefined = undefined;
  readonly #req: IncomingMessage;
  readonly #peers: Peers;
  readonly #peer: Peer;
  #hasCredentials = false;
  /** The metadata that few requests have, such as `Mcp-Param-*`. */
  #others: Map<string, string> | undefined;
  #headers: readonly string[] | undefined;

  constructor(req: IncomingMessage, peers: Peers) {
    this.#req = req;
    this.#peers = peers;
    this.#peer = peers.of(req.socket);
    const { rawHeaders } = req;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const rawName = rawHeaders[index] as string;
      if (mayMatter(rawName)) this.#take(nameOf(rawName).lower, rawHeaders[index + 1] as string);
    }
    rejectConnectionMetadata(req.headers.connection);
    const sent = this.version;
    this.version = modernVersion(sent);
    if (this.version === undefined) this.olderVersion = sent;
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
      if (this.#hasCredentials) throw repeatedCredentials();
      this.#hasCredentials = true;
    }
  }

  /** Created on first access, because responses from the cache need no upstream headers. */
  get headers(): readonly string[] {
    this.#headers ??= passedHeaders(this.#req, this.#peer, this.address);
    return this.#headers;
  }

  get sent(): IncomingHttpHeaders {
    return this.#req.headers;
  }

  param(name: string): string | undefined {
    if (!mirrorsArguments(this.method)) return undefined;
    const header = `${headerNames.paramPrefix}${name}`;
    const value = this.#others?.get(header);
    return value === undefined ? undefined : decodeHeaderValue(value, header);
  }

  get address(): string {
    return clientAddress(this.#req, this.#peer, this.#peers);
  }
}

/** Returns the value of a header that must not be repeated. */
function once(name: string, value: string, before: string | undefined): string {
  if (before !== undefined) throw headerMismatch(`${name}: sent more than once`);
  return value;
}

/** Returns true for a method whose arguments `Mcp-Param-*` headers mirror; others ignore them. */
export function mirrorsArguments(method: string | undefined): boolean {
  return method !== undefined && mirroring.has(method);
}

/** Returns true when `Mcp-Name` is significant; methods without a name field ignore it. */
export function mayHaveName(method: string | undefined): boolean {
  return method === undefined || !nameless.has(method);
}

/**
 * Returns the version when it is a revision with metadata headers, the first one or a later one.
 * Only its servers must reject headers that differ from the body, so only its headers can be relied
 * on.
 *
 * @spec basic/transports/streamable-http#server-validation
 */
function modernVersion(version: string | undefined): string | undefined {
  if (version === undefined || !date.test(version)) return undefined;
  return version >= latestVersion ? version : undefined;
}

/** Returns true when a header may be metadata or credentials by its first letter; most are not. */
function mayMatter(rawName: string): boolean {
  const first = rawName.charCodeAt(0) | 0x20;
  return first === letterM || first === letterA;
}

const letterA = 0x61;
const letterM = 0x6d;

/** The name of a header, and what it says about passing the header on. */
interface HeaderName {
  readonly lower: string;
  readonly isWithheld: boolean;
  /** True for a header that only a trusted proxy may send. */
  readonly isClaim: boolean;
}

/** Reads a name as it was sent. */
const nameOf = byName((rawName: string): HeaderName => {
  const lower = rawName.toLowerCase();
  return { lower, isWithheld: withheld.has(lower), isClaim: isClaim(lower) };
});

/** Returns the headers for the upstream, as alternating names and values. */
function passedHeaders(req: IncomingMessage, peer: Peer, client: string): readonly string[] {
  const { rawHeaders } = req;
  const named = namesInConnection(req.headers.connection);
  const headers: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const { lower, isWithheld, isClaim } = nameOf(rawHeaders[index] as string);
    if (isWithheld || (isClaim && !peer.isTrusted) || named?.has(lower)) continue;
    headers.push(lower, rawHeaders[index + 1] as string);
  }
  addForwarded(headers, req, { peer, client });
  return headers;
}

/**
 * Rejects metadata headers that `Connection` names. They would not be passed on, so the gateway would
 * route by headers that the upstream never sees. A server that also supports earlier revisions would
 * take the request for one of those and not compare the body with the headers.
 */
function rejectConnectionMetadata(connection: string | undefined): void {
  for (const name of namesInConnection(connection) ?? []) {
    if (name.startsWith("mcp-")) throw headerMismatch(`Connection: must not name ${name}`);
  }
}

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
import type { Head } from "./head.ts";

/** Headers that belong to one connection, not to the message. `expect` was already answered. */
const hopByHop = new Set([
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
]);

/** What the gateway has judged itself; an upstream knows itself under other names. */
const judged = new Set(["host", "origin"]);

/** Methods whose requests name nothing, so that no server compares `Mcp-Name` with anything. */
const nameless = new Set(coreMethods.filter((one) => !one.nameField).map(({ name }) => name));

const date = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Reads the head.
 *
 * @throws {ProtocolError} `headerMismatch` for metadata that was sent twice, can't be decoded or is
 *   not meant for the upstream; `invalidRequest` for credentials that were sent twice
 * @spec basic/transports/streamable-http#value-encoding
 */
export function readHead(req: IncomingMessage): Head {
  return new RequestHead(req);
}

class RequestHead implements Head {
  readonly version: string | undefined;
  readonly method: string | undefined;
  readonly name: string | undefined;
  readonly headers: readonly string[];
  readonly #req: IncomingMessage;
  readonly #params: ReadonlyMap<string, string> | undefined;

  constructor(req: IncomingMessage) {
    const headers: string[] = [];
    const metadata = new Map<string, string>();
    const { rawHeaders } = req;
    let hasCredentials = false;
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = (rawHeaders[index] as string).toLowerCase();
      if (hopByHop.has(name) || judged.has(name)) continue;
      const value = rawHeaders[index + 1] as string;
      headers.push(name, value);
      if (name === "authorization" && hasCredentials) throw severalCredentials();
      hasCredentials ||= name === "authorization";
      if (!name.startsWith("mcp-")) continue;
      if (metadata.has(name)) throw mismatch(`${name}: sent more than once`);
      metadata.set(name, value);
    }
    this.#req = req;
    this.headers = withoutNamed(headers, req.headers.connection);
    this.version = modernVersion(metadata.get(headerNames.version));
    this.method = metadata.get(headerNames.method);
    const name = mayHaveName(this.method) ? metadata.get(headerNames.name) : undefined;
    this.name = name === undefined ? undefined : decodeHeaderValue(name, "Mcp-Name");
    this.#params = metadata;
  }

  param(name: string): string | undefined {
    const header = `${headerNames.paramPrefix}${name}`;
    const value = this.#params?.get(header);
    return value === undefined ? undefined : decodeHeaderValue(value, header);
  }

  get address(): string {
    return this.#req.socket.remoteAddress ?? "";
  }
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

/**
 * Names in `Connection` belong to the connection, too. Most often there are none. Metadata can't be
 * among them: a route would be found by what the upstream never sees, and a server of both eras
 * would take the body for one of an earlier revision, which need not be what the headers said.
 */
function withoutNamed(
  headers: readonly string[],
  connection: string | undefined,
): readonly string[] {
  if (connection === undefined || connection === "keep-alive" || connection === "close") {
    return headers;
  }
  const named = new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
  for (const name of named) {
    if (name.startsWith("mcp-")) throw mismatch(`Connection: ${name} is not of the connection`);
  }
  return headers.filter((_, index) => !named.has(headers[index - (index % 2)] as string));
}

/** The gateway would judge by one of them, and the upstream perhaps by the other. */
function severalCredentials(): ProtocolError {
  return new ProtocolError("invalidRequest", "Authorization: sent more than once");
}

function mismatch(message: string): ProtocolError {
  return new ProtocolError("headerMismatch", `Header mismatch: ${message}`);
}

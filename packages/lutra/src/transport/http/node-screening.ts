import type { IncomingMessage } from "node:http";
import { ProtocolError } from "../../protocol/errors.ts";
import { mismatch } from "../../protocol/http-headers.ts";
import { type HttpRules, type ReadHeader, type Refusal, type Screening, screen } from "./rules.ts";

/**
 * Checks the head of a request: `Host`, `Origin`, the HTTP method and the media type.
 *
 * @spec basic/transports/streamable-http#security-endpoint
 */
export function screenRequest(
  req: IncomingMessage,
  header: ReadHeader,
  rules: HttpRules,
): Screening {
  const { method = "", headers, rawHeaders } = req;
  if (sentTimes(rawHeaders, "host") > 1) return { refusal: repeatedHost(), cors: {} };
  const host = targetHost(req) ?? headers.host ?? "";
  const path = () => targetOf(req).path;
  return screen({ method, path, host, header, isLocal: () => isLocal(req) }, rules);
}

/** The target of a request, without its query. */
interface RequestTarget {
  readonly path: string;
  /** The host of a target in absolute form, which takes precedence over `Host`. */
  readonly host?: string | undefined;
}

/**
 * Parses the target of a request. Clients of a proxy send it in absolute form,
 * `POST http://host/path`, which RFC 9112 requires every server to accept.
 */
export function targetOf({ url = "" }: IncomingMessage): RequestTarget {
  if (url.startsWith("/")) return { path: withoutQuery(url) };
  const [, host, rest = ""] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  return host === undefined ? { path: url } : { path: withoutQuery(rest) || "/", host };
}

function targetHost(req: IncomingMessage): string | undefined {
  return req.url?.startsWith("/") ? undefined : targetOf(req).host;
}

function withoutQuery(target: string): string {
  const end = target.indexOf("?");
  return end === -1 ? target : target.slice(0, end);
}

/**
 * Returns the reader of a request's headers. Node joins the values of a repeated header with a
 * comma, which could pass for one value, so the reader rejects repeated MCP headers.
 */
export function headerReader(req: IncomingMessage): ReadHeader {
  const { headers } = req;
  return (name) => {
    const value = headers[name];
    if (value === undefined || typeof value !== "string") return value?.join(", ");
    if (name.startsWith("mcp-") && value.includes(", ")) requireOnce(req.rawHeaders, name);
    return value;
  };
}

function requireOnce(rawHeaders: readonly string[], name: string): void {
  if (sentTimes(rawHeaders, name) > 1) throw mismatch(`${name}: sent more than once`);
}

/** Returns the number of times a header was sent. `IncomingMessage.headers` does not tell. */
function sentTimes(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index] as string;
    if (sent.length === name.length && sent.toLowerCase() === name) count += 1;
  }
  return count;
}

/** RFC 9112 requires 400, because two readers could choose two different hosts. */
function repeatedHost(): Refusal {
  const error = new ProtocolError("invalidRequest", "Host: sent more than once");
  return { status: error.status, error };
}

/** Returns true when the connection arrived at a loopback address. */
function isLocal({ socket }: IncomingMessage): boolean {
  const address = socket.localAddress ?? "";
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}

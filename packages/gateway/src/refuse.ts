/** The gateway's own responses, and the errors in them. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { endEarly, type Refusal, type ResponseHeaders } from "lutra/internal";
import { encodeError, latestVersion, ProtocolError, type RequestId, readId } from "lutra/protocol";

/** Maximum size of a body that is read for the id of the error response, in bytes. */
const maxReadBytes = 65_536;

/**
 * Answers with an error. The response has the request's id if the body is small.
 *
 * @param body The request's body, if it has already been read
 * @spec basic/index#error-responses
 */
export async function refuse(
  req: IncomingMessage,
  res: ServerResponse,
  error: ProtocolError,
  body?: Buffer | null,
): Promise<void> {
  const id = body ? idIn(body) : await idOf(req);
  if (res.destroyed || res.headersSent) return;
  const { retryAfterMs, challenge } = error;
  if (retryAfterMs !== undefined) res.setHeader("retry-after", Math.ceil(retryAfterMs / 1000));
  if (challenge !== undefined) res.setHeader("www-authenticate", challenge);
  answer(res, error.status, encodeError(id, error));
}

/** Answers a request that the screening refused. */
export function refuseScreened(
  res: ServerResponse,
  { status, headers, error }: Refusal,
  cors: ResponseHeaders,
): void {
  setHeaders(res, cors);
  if (headers) setHeaders(res, headers);
  answer(res, status, error && encodeError(undefined, error));
}

export function setHeaders(res: ServerResponse, headers: ResponseHeaders): void {
  for (const name in headers) res.setHeader(name, headers[name] as string);
}

function answer(res: ServerResponse, status: number, body = ""): void {
  // The connection cannot be reused while the rest of a body is unread.
  const isHalfRead = !res.req.complete;
  if (body !== "") res.setHeader("content-type", "application/json");
  if (status !== 204) res.setHeader("content-length", Buffer.byteLength(body));
  if (isHalfRead) res.setHeader("connection", "close");
  res.writeHead(status);
  if (body !== "") res.write(body);
  if (isHalfRead) endEarly(res);
  else res.end();
}

/** Reads the id from a small body. Resolves to undefined when the body has none. */
async function idOf(req: IncomingMessage): Promise<RequestId | undefined> {
  if (!(Number(req.headers["content-length"]) <= maxReadBytes) || req.readableDidRead) return;
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of req) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return idIn(Buffer.concat(chunks));
}

function idIn(body: Buffer): RequestId | undefined {
  try {
    return readId(JSON.parse(body.toString()));
  } catch {
    return undefined;
  }
}

/** Returns the error for requests that arrive before the configuration is applied. */
export function starting(): ProtocolError {
  const retryAfterMs = 1000;
  const data = { retryAfterMs };
  return new ProtocolError("internalError", "The gateway is starting", {
    status: 503,
    retryAfterMs,
    data,
  });
}

/** Returns the error for a request that no route matches. */
export function notRouted(): ProtocolError {
  return new ProtocolError("invalidRequest", "No route of this gateway matches the request", {
    status: 404,
  });
}

/** Returns the error for a request that the configuration denies. */
export function denied(reason: string): ProtocolError {
  return new ProtocolError("invalidRequest", reason, { status: 403 });
}

/**
 * Returns the error for a call that a rule decides by `Mcp-Param-*` headers, if these can't be compared
 * with the arguments. Without the comparison, the client could tell the rule anything.
 */
export function notComparable(headers: readonly string[], reason: string): ProtocolError {
  const message = `${headers.join(", ")}: cannot be compared with the arguments because ${reason}`;
  return new ProtocolError("invalidRequest", message, { status: 403 });
}

/** Returns the error for a request of a revision without metadata headers. */
export function olderRevision(): ProtocolError {
  const message = "MCP-Protocol-Version: missing or older than the metadata headers";
  return new ProtocolError("headerMismatch", `Header mismatch: ${message}`, {
    data: { supported: [latestVersion] },
  });
}

/** Returns the error for two credentials: gateway and upstream could each use another one. */
export function repeatedCredentials(): ProtocolError {
  return new ProtocolError("invalidRequest", "Authorization: sent more than once");
}

/**
 * Returns the error for a request above a limit, an internal error (-32603): the specification has
 * no code for it and reserves the codes that it has not assigned.
 *
 * @spec basic/index#error-codes
 */
export function tooManyRequests(retryAfterMs: number): ProtocolError {
  return new ProtocolError("internalError", "Too many requests", {
    status: 429,
    retryAfterMs,
    data: { retryAfterMs },
  });
}

/** Returns the error for request state that the gateway cannot accept. */
export function invalidState(reason: string): ProtocolError {
  return new ProtocolError("invalidParams", `params.requestState: ${reason}`);
}

/** The gateway's own responses, and the errors in them. */

import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type ExplainedRefusal,
  endEarly,
  headerReader,
  type ResponseHeaders,
  readSmallMessage,
  withExample,
} from "lutra/internal";
import { encodeError, type JSONRPCNotification, ProtocolError, readId } from "lutra/protocol";

/**
 * Answers with an error. If the body is small, the response has the request's id, and an error about
 * the form of the request has an example of a correct one.
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
  const received = body ? messageIn(body) : await readSmallMessage(req);
  if (res.destroyed || res.headersSent) return;
  try {
    const explained = withExample(error, { req, header: headerReader(req), body: received });
    const { retryAfterMs, challenge, headers } = explained;
    if (headers !== undefined) setHeaders(res, headers);
    if (retryAfterMs !== undefined) res.setHeader("retry-after", Math.ceil(retryAfterMs / 1000));
    if (challenge !== undefined) res.setHeader("www-authenticate", challenge);
    answer(res, explained.status, json(encodeError(readId(received), explained)));
  } catch (unwritable) {
    // For example, the error has a challenge that is not a valid header.
    console.error("lutra: gateway:", unwritable);
    res.destroy();
  }
}

/** Answers a request that the screening refused. */
export function refuseScreened(
  res: ServerResponse,
  { status, headers, error, json: document, id, text }: ExplainedRefusal,
  cors: ResponseHeaders,
): void {
  if (res.destroyed) return;
  setHeaders(res, cors);
  if (headers) setHeaders(res, headers);
  if (error) answer(res, status, json(encodeError(id, error)));
  else if (document !== undefined) answer(res, status, json(document));
  else
    answer(
      res,
      status,
      text === undefined ? undefined : { type: "text/plain; charset=utf-8", text },
    );
}

export function setHeaders(res: ServerResponse, headers: ResponseHeaders): void {
  for (const name in headers) res.setHeader(name, headers[name] as string);
}

interface Body {
  readonly type: string;
  readonly text: string;
}

function json(text: string): Body {
  return { type: "application/json", text };
}

function answer(res: ServerResponse, status: number, body?: Body): void {
  // The connection cannot be reused while the rest of a body is unread.
  const isHalfRead = !res.req.complete;
  if (body !== undefined) res.setHeader("content-type", body.type);
  if (status !== 204) res.setHeader("content-length", Buffer.byteLength(body?.text ?? ""));
  if (isHalfRead) res.setHeader("connection", "close");
  res.writeHead(status);
  if (body !== undefined) res.write(body.text);
  if (isHalfRead) endEarly(res);
  else res.end();
}

function messageIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
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
 * Returns the error for a call that a rule decides by `Mcp-Param-*` headers, if these can't be
 * compared with the arguments. Without a comparison, the client could send any value for the rule.
 */
export function notComparable(headers: readonly string[], reason: string): ProtocolError {
  const message = `${headers.join(", ")}: cannot be compared with the arguments because ${reason}`;
  return new ProtocolError("invalidRequest", message, { status: 403 });
}

/**
 * Returns the response to a notification on a route that reads bodies. It sends requests to upstreams,
 * and a notification that it accepted would be lost.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */
export function notificationRefused({ method }: JSONRPCNotification): ExplainedRefusal {
  const message = `${method}: this route of the gateway forwards requests and no notifications`;
  const error = new ProtocolError("invalidRequest", message);
  return { status: error.status, error };
}

/** Returns the error for repeated credentials: gateway and upstream could use different ones. */
export function repeatedCredentials(): ProtocolError {
  return new ProtocolError("invalidRequest", "Authorization: sent more than once");
}

/** Returns the error for request state that the gateway cannot accept. */
export function invalidState(reason: string): ProtocolError {
  return new ProtocolError("invalidParams", `params.requestState: ${reason}`);
}

/** Answers of the gateway's own, in place of an upstream's. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { endEarly, type Refusal } from "lutra/internal";
import { encodeError, ProtocolError, type RequestId, readId } from "lutra/protocol";

/** Bodies up to this size are read for the id that an error response repeats. */
const maxReadBytes = 65_536;

/**
 * Answers with an error. The response has the request's id where the body is small, or `body` holds
 * what was read of it before.
 *
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

/** Answers what the rules for every HTTP request refuse. */
export function refuseScreened(
  res: ServerResponse,
  { status, headers = {}, error }: Refusal,
): void {
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  answer(res, status, error && encodeError(undefined, error));
}

function answer(res: ServerResponse, status: number, body = ""): void {
  // A body that is left half read would keep its connection from the next request.
  const isHalfRead = !res.req.complete;
  if (body !== "") res.setHeader("content-type", "application/json");
  if (status !== 204) res.setHeader("content-length", Buffer.byteLength(body));
  if (isHalfRead) res.setHeader("connection", "close");
  res.writeHead(status);
  if (body !== "") res.write(body);
  if (isHalfRead) endEarly(res);
  else res.end();
}

/** Reads the id out of a small body; `undefined` where there is none to be had. */
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

/** The error for what no route wants. */
export function notRouted(): ProtocolError {
  return new ProtocolError("invalidRequest", "No route of this gateway takes the request", {
    status: 404,
  });
}

/** The error for what the configuration denies. */
export function denied(reason: string): ProtocolError {
  return new ProtocolError("invalidRequest", reason, { status: 403 });
}

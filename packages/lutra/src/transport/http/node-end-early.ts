import type { IncomingMessage, ServerResponse } from "node:http";
import { endWithText } from "./node-end.ts";
import { largeAsBytes } from "./node-large-text.ts";
import type { ResponseHeaders } from "./rules.ts";

/** Maximum time that a request may continue to arrive after its response, in milliseconds. */
const lingerMs = 2000;

/** Maximum size of an unread body that Node discards, so that the connection can be used again. */
const maxDiscardedBytes = 65_536;

export interface HttpResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body?: string;
  /** The encoding of the body; `latin1`, which Node writes faster, only for ASCII. @default "utf8" */
  readonly encoding?: "utf8" | "latin1";
}

/** Sends a response. If much of the request is unread, closes the connection afterwards. */
export function respond(
  res: ServerResponse,
  { status, headers, body = "", encoding = "utf8" }: HttpResponse,
): void {
  const closes = headers.connection === "close" || isArriving(res.req);
  res.writeHead(status, closes ? { ...headers, connection: "close" } : headers);
  const whole = largeAsBytes(body);
  if (closes) {
    if (body !== "") res.write(whole, encoding);
    endEarly(res);
  } else if (typeof whole === "string") endWithText(res, whole, encoding);
  else res.end(whole);
}

/** Returns true while a body arrives that is longer than Node should discard. */
function isArriving({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  const isChunked = headers["transfer-encoding"] !== undefined;
  return isChunked || Number(headers["content-length"]) > maxDiscardedBytes;
}

/**
 * Ends a response whose request is still arriving, and then closes the connection. Closing a
 * connection while data arrives resets it, and the client can lose the response. Therefore the
 * rest of the request is read and discarded first, for at most two seconds.
 */
export function endEarly(res: ServerResponse): void {
  const { req } = res;
  const end = () => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(end, lingerMs);
  req.once("end", end);
  req.once("close", end);
  req.resume();
}

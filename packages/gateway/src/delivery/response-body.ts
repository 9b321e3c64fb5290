/** Writes the answer of a replica to the connection of the client. */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Maximum size of a body for which a copy is cheaper than a second write to the socket. */
const smallBytes = 16_384;

/** Ends the response with its whole body, in bytes or as text in Latin-1. */
export function endWith(res: ServerResponse, body: Buffer | string): void {
  const isText = typeof body === "string";
  if (body.length <= smallBytes) endWithText(res, isText ? body : body.toString("latin1"));
  else res.end(isText ? Buffer.from(body, "latin1") : body);
}

/**
 * Ends the response with one write to the socket. Node writes a head and a body that are text together,
 * but passes the end of a response that is not sent yet to the socket as a second, empty chunk.
 */
function endWithText(res: ServerResponse, text: string): void {
  // The stream of an HTTP/2 response can't be corked.
  const socket: Partial<Socket> | null = res.socket;
  if (typeof socket?.cork !== "function") {
    res.end(text, "latin1");
    return;
  }
  // Otherwise Node would delay the write to the end of the turn.
  socket.cork();
  res.write(text, "latin1");
  socket.uncork?.();
  res.end();
}

/** Sends a head whose body begins later. */
export function flushHeaders(res: ServerResponse): void {
  res.flushHeaders();
}

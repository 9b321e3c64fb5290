/** Writes the answer of a replica to the connection of the client. */
import type { ServerResponse } from "node:http";
import { endWithText } from "lutra/internal";

/** Maximum size of a body for which a copy is cheaper than a second write to the socket. */
const smallBytes = 16_384;

/** Ends the response with its whole body, in bytes or as text in Latin-1. */
export function endWith(res: ServerResponse, body: Buffer | string): void {
  const isText = typeof body === "string";
  if (body.length <= smallBytes)
    endWithText(res, isText ? body : body.toString("latin1"), "latin1");
  else res.end(isText ? Buffer.from(body, "latin1") : body);
}

/** Sends a head whose body begins later. */
export function flushHeaders(res: ServerResponse): void {
  res.flushHeaders();
}

/** Writes what a replica answers to the connection of the client. */
import type { ServerResponse } from "node:http";

/** Bodies up to this size are worth a copy that saves a second buffer on the way to the socket. */
const smallBytes = 16_384;

/** Ends with a whole body. Node writes a head and a body that are both text as one string. */
export function endWith(res: ServerResponse, body: Buffer): void {
  if (body.length > smallBytes) res.end(body);
  else res.end(body.toString("latin1"), "latin1");
}

/** Sends a head that no body follows yet. */
export function flushHeaders(res: ServerResponse): void {
  res.flushHeaders();
}

/** Writes the answer of a replica to the connection of the client. */
import type { ServerResponse } from "node:http";

/** Maximum size of a body for which a copy is cheaper than a second write to the socket. */
const smallBytes = 16_384;

/** Ends the response with its whole body. Node writes a head and a body that are text together. */
export function endWith(res: ServerResponse, body: Buffer): void {
  if (body.length > smallBytes) res.end(body);
  else res.end(body.toString("latin1"), "latin1");
}

/** Sends a head whose body begins later. */
export function flushHeaders(res: ServerResponse): void {
  res.flushHeaders();
}

import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Ends a response whose head contains the length, with one write to the socket. Node writes a head and a
 * body that are text together, but passes the end of a response that is not sent yet to the socket as a
 * second, empty chunk.
 */
export function endWithText(res: ServerResponse, text: string, encoding: "utf8" | "latin1"): void {
  // The stream of an HTTP/2 response can't be corked, and a response behind another has no socket.
  const socket: Partial<Socket> | null = res.socket;
  if (text === "" || typeof socket?.cork !== "function") {
    res.end(text, encoding);
    return;
  }
  // Otherwise Node would delay the write to the end of the turn.
  socket.cork();
  res.write(text, encoding);
  socket.uncork?.();
  res.end();
}

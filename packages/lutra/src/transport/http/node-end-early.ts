import type { ServerResponse } from "node:http";

/** Maximum time that a request may continue to arrive after its response, in milliseconds. */
const lingerMs = 2000;

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

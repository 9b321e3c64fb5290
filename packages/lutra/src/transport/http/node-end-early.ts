import type { ServerResponse } from "node:http";

/** How long a sender may go on after it got its answer, in milliseconds. */
const lingerMs = 2000;

/**
 * Ends a response whose request is still arriving, and with it the connection. A connection that
 * is closed while data arrives is reset, by which the sender can lose the answer. So what arrives
 * is thrown away until the sender has stopped, for two seconds at most.
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

/** Ends requests whose bodies arrive too slowly. One timer checks all of them. */
import type { IncomingMessage } from "node:http";
import { ProtocolError } from "../../protocol/errors.ts";
import { OpenSet } from "../../protocol/open-entries.ts";

/** Maximum time for a body to arrive, in milliseconds. */
const maxBodyMs = 120_000;
/** Minimum average rate at which a body must arrive after `graceMs`, in bytes per second. */
const minBodyRate = 4096;
/** Time before the rate counts, in milliseconds. */
const graceMs = 5000;
/** Interval between two checks, in milliseconds. */
const checkMs = 1000;

interface ArrivingBody {
  readonly req: IncomingMessage;
  /** The number of bytes that the connection had received before. */
  readonly bytesBefore: number;
  readonly onSlow: (error: ProtocolError) => void;
  /** Stops watching. */
  readonly forget: () => void;
  startedAt: number;
}

const arriving = new OpenSet<ArrivingBody>();
let timer: NodeJS.Timeout | undefined;
let checkedAt = 0;

/**
 * Watches a body that did not arrive with its head, until it is complete or its connection is closed.
 * Calls `onSlow` once if the body is too slow. Time in which the request is paused does not count.
 */
export function watchArrival(req: IncomingMessage, onSlow: (error: ProtocolError) => void): void {
  const now = performance.now();
  const forget = () => {
    req.off("end", forget);
    req.off("close", forget);
    arriving.delete(entry);
    if (arriving.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const bytesBefore = req.socket.bytesRead;
  const body: ArrivingBody = { req, bytesBefore, onSlow, forget, startedAt: now };
  req.on("end", forget);
  req.on("close", forget);
  const entry = arriving.add(body);
  if (timer !== undefined) return;
  checkedAt = now;
  timer = setInterval(checkAll, checkMs).unref();
}

function checkAll(): void {
  const now = performance.now();
  const sinceMs = now - checkedAt;
  checkedAt = now;
  for (const body of arriving) {
    const { req, onSlow, forget } = body;
    if (req.isPaused()) body.startedAt = Math.min(now, body.startedAt + sinceMs);
    else if (isSlow(body, now)) {
      forget();
      onSlow(new ProtocolError("invalidRequest", "body: did not arrive in time", { status: 408 }));
    }
  }
}

function isSlow({ req, bytesBefore, startedAt }: ArrivingBody, now: number): boolean {
  const ms = now - startedAt;
  const expected = (minBodyRate * (ms - graceMs)) / 1000;
  return ms > maxBodyMs || req.socket.bytesRead - bytesBefore < expected;
}

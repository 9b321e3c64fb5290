/** Answers with a stream of server-sent events. */
import type { ServerResponse } from "node:http";
import type { ApiStream, StreamRequest } from "./api-route.ts";

/** Maximum size of the events that a page has not read yet, in bytes. Then its stream ends. */
const maxUnreadBytes = 16 * 1024 * 1024;
/** Interval of comments that keep a stream open, in milliseconds. */
const keepAliveMs = 15_000;

/** Sends the events of a route until the page disconnects or the route ends. */
export async function sendEvents(
  res: ServerResponse,
  { stream }: ApiStream,
  request: StreamRequest,
): Promise<void> {
  res.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  res.flushHeaders();
  const write = (text: string) => {
    if (res.destroyed || res.writableEnded) return;
    // The page reconnects, and then gets the current state.
    if (res.writableLength > maxUnreadBytes) res.destroy();
    else res.write(text);
  };
  const timer = setInterval(() => write(":\n\n"), keepAliveMs);
  try {
    await stream((event, data) => write(encodeEvent(event, data)), request);
    await untilAborted(request.signal);
  } finally {
    clearInterval(timer);
    res.end();
  }
}

function encodeEvent(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/**
 * Writes messages to a byte stream, one per line.
 *
 * @spec basic/transports/stdio
 */
import type { Writable } from "node:stream";
import { TransportError } from "../../protocol/transport-error.ts";

export interface LineWriter {
  /**
   * Writes one message. A returned promise resolves when the reader has caught up. Messages are
   * dropped after the end of the stream.
   *
   * @param json - output of `JSON.stringify` without indentation, so that it has no line ends
   * @throws {TransportError} `closed` when more than `maxBufferedBytes` already wait for the reader
   */
  readonly write: (json: string) => void | Promise<void>;
  /** Returns a promise that resolves when the reader has caught up, or `undefined` if it has. */
  readonly caughtUp: () => Promise<void> | undefined;
  /** Resolves when all messages have left the process, or when the stream has failed. */
  readonly flush: () => Promise<void>;
}

/** Default limit of output that waits for a slow reader: a few of the largest messages. */
export const defaultMaxBufferedBytes: number = 64 * 1024 * 1024;

/**
 * Creates a writer of lines to `stream`. Messages of one turn of the event loop are sent in one
 * write, which triples the throughput of small messages through a pipe.
 *
 * @param maxBufferedBytes - limit of output that waits for the reader, counted in characters
 */
export function createLineWriter(
  stream: Writable,
  maxBufferedBytes: number = defaultMaxBufferedBytes,
): LineWriter {
  // Bound now, so that a guard that replaces `stream.write` later does not redirect messages.
  const send = stream.write.bind(stream) as (text: string, done?: () => void) => boolean;
  let lines = "";
  let draining: Promise<void> | undefined;

  const isOpen = (): boolean => !stream.destroyed && !stream.writableEnded;

  function sendLines(done?: () => void): void {
    const text = lines;
    lines = "";
    if (isOpen() && (text !== "" || done !== undefined)) send(text, done);
    else done?.();
  }

  function write(json: string): void | Promise<void> {
    if (!isOpen()) return;
    if (stream.writableLength + lines.length > maxBufferedBytes) {
      throw new TransportError("closed", "The reader of the stream does not keep up");
    }
    if (lines === "") process.nextTick(sendLines);
    lines += `${json}\n`;
    return caughtUp();
  }

  function caughtUp(): Promise<void> | undefined {
    if (!isOpen() || !stream.writableNeedDrain) return undefined;
    draining ??= drained(stream).finally(() => {
      draining = undefined;
    });
    return draining;
  }

  return { write, caughtUp, flush: () => new Promise((resolve) => sendLines(() => resolve())) };
}

/** Resolves when the stream can take more, and when it has failed or ended. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      for (const event of events) stream.off(event, wake);
      resolve();
    };
    const events = ["drain", "error", "close"];
    for (const event of events) stream.on(event, wake);
  });
}

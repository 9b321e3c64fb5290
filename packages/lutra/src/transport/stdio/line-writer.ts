/**
 * Outgoing messages of a byte stream: each is one line.
 *
 * @spec basic/transports/stdio
 */
import type { Writable } from "node:stream";
import { TransportError } from "../../protocol/transport-error.ts";

export interface LineWriter {
  /**
   * Writes one message. The promise, where there is one, resolves when the reader has caught up.
   * What is written after the stream has ended is dropped.
   *
   * @param json - the output of `JSON.stringify` without indentation, which has no line ends
   * @throws {TransportError} `closed` when more than `maxBufferedBytes` already wait for the reader
   */
  readonly write: (json: string) => void | Promise<void>;
  /** Resolves when the reader has caught up; `undefined` when it has. */
  readonly caughtUp: () => Promise<void> | undefined;
  /** Resolves when all that was written has left the process, or cannot leave it any more. */
  readonly flush: () => Promise<void>;
}

/** How much may wait for a slow reader: a few of the largest messages. */
export const defaultMaxBufferedBytes: number = 64 * 1024 * 1024;

/**
 * Writes lines to `stream`. Messages of one turn of the event loop leave in one write, which
 * triples the rate at which small ones get through a pipe.
 *
 * @param maxBufferedBytes - how much may wait for the reader, counted in characters
 */
export function createLineWriter(
  stream: Writable,
  maxBufferedBytes: number = defaultMaxBufferedBytes,
): LineWriter {
  // Bound now, so that a guard that replaces `stream.write` later does not catch messages.
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

/** Resolves when the stream takes more, or never will again. */
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

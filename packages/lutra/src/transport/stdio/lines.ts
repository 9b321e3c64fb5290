/**
 * Reads messages from a byte stream, one per line.
 *
 * @spec basic/transports/stdio
 */
import { ByteBuffer } from "../byte-buffer.ts";

export interface LineReaderOptions {
  /** Called with each line, without its end. The bytes are valid only during the call. */
  readonly onLine: (line: Uint8Array) => void;
  /** Called once for each line that is too long, as soon as this is known. The line is skipped. */
  readonly onTooLong: () => void;
  /** Maximum size of a line without its end. @default 16 MiB */
  readonly maxLineBytes?: number;
}

export interface LineReader {
  /** Adds the next bytes of the stream. They may end anywhere, also within a character. */
  readonly push: (chunk: Uint8Array) => void;
  /** Ends the stream. Bytes after the last line end count as a line. */
  readonly end: () => void;
}

/** Default limit: large enough for any reasonable result, small enough not to exhaust memory. */
export const defaultMaxLineBytes: number = 16 * 1024 * 1024;

/**
 * Creates a reader that splits a stream of bytes at its newlines. It removes a carriage return
 * before a newline, and skips empty lines. Each byte is read once, and copied at most a constant
 * number of times.
 *
 * Lines are not decoded here. In UTF-8 the byte of a newline never occurs inside another character,
 * but a chunk may end inside one.
 */
export function createLineReader(options: LineReaderOptions): LineReader {
  const { onLine, onTooLong, maxLineBytes = defaultMaxLineBytes } = options;
  if (!(maxLineBytes > 0)) throw new TypeError("maxLineBytes: expected a positive number");
  const partial = new ByteBuffer();
  let isSkipping = false;

  function append(part: Uint8Array): void {
    if (isSkipping) return;
    if (partial.length + part.length <= maxLineBytes) {
      partial.append(part);
      return;
    }
    isSkipping = true;
    partial.clear();
    onTooLong();
  }

  function finish(): void {
    const line = partial.bytes();
    partial.clear();
    if (!isSkipping) emit(line, onLine);
    isSkipping = false;
  }

  function push(chunk: Uint8Array): void {
    let start = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, start)) {
      const part = chunk.subarray(start, at);
      start = at + 1;
      if (!isSkipping && partial.length === 0 && part.length <= maxLineBytes) emit(part, onLine);
      else {
        append(part);
        finish();
      }
    }
    if (start < chunk.length) append(chunk.subarray(start));
  }

  return { push, end: finish };
}

const newline = 0x0a;
const carriageReturn = 0x0d;

function emit(line: Uint8Array, onLine: (line: Uint8Array) => void): void {
  const end = line.at(-1) === carriageReturn ? line.length - 1 : line.length;
  if (end > 0) onLine(end === line.length ? line : line.subarray(0, end));
}

/**
 * Reads messages from a byte stream, one per line.
 *
 * @spec basic/transports/stdio
 */

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
  const partial = createPartialLine();
  let isSkipping = false;

  function append(part: Uint8Array): void {
    if (isSkipping) return;
    if (partial.length() + part.length <= maxLineBytes) {
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
      if (!isSkipping && partial.length() === 0 && part.length <= maxLineBytes) emit(part, onLine);
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

interface PartialLine {
  readonly length: () => number;
  readonly append: (part: Uint8Array) => void;
  readonly bytes: () => Uint8Array;
  readonly clear: () => void;
}

/** Maximum size of a buffer that is kept for the next line. */
const keptBytes = 64 * 1024;

/** Creates a buffer for the beginning of a line. It doubles, so that small chunks cost no more. */
function createPartialLine(): PartialLine {
  let buffer = new Uint8Array(0);
  let length = 0;
  return {
    length: () => length,
    append: (part) => {
      if (length + part.length > buffer.length) {
        const larger = new Uint8Array(Math.max(2 * buffer.length, length + part.length, 1024));
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(part, length);
      length += part.length;
    },
    bytes: () => buffer.subarray(0, length),
    clear: () => {
      length = 0;
      if (buffer.length > keptBytes) buffer = new Uint8Array(0);
    },
  };
}

/**
 * Collects lines as bytes and hands them on together. The destination of pino measures all that
 * waits again for each text that it gets, and encodes it, which together costs more than everything
 * else that is done for a request.
 */

/** What waits at the most, in bytes and in milliseconds. */
const maxBytes = 65_536;
const maxMs = 250;

/** Where lines go. */
export interface LineDestination {
  /** Takes the bytes of one line or more; they are not touched again. */
  readonly write: (bytes: Buffer) => unknown;
  /** Writes what waits at once. */
  readonly flushSync?: () => void;
}

export class LineBuffer {
  readonly #out: LineDestination;
  #bytes: Buffer = Buffer.allocUnsafeSlow(maxBytes);
  #length = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(out: LineDestination) {
    this.#out = out;
  }

  write(line: string): void {
    const length = Buffer.byteLength(line);
    if (this.#length + length > maxBytes) this.#handOn();
    if (length > maxBytes) return void this.#out.write(Buffer.from(line));
    // Most lines are ASCII alone, which is copied and not encoded.
    this.#bytes.write(line, this.#length, length === line.length ? "latin1" : "utf8");
    this.#length += length;
    // The timer keeps the process, so that the last lines are written before it ends.
    this.#timer ??= setTimeout(() => this.#handOn(), maxMs);
  }

  /** Hands everything on, and has it written. */
  flush(): void {
    this.#handOn();
    try {
      this.#out.flushSync?.();
    } catch {
      // A destination that was never opened has nothing to write.
    }
  }

  #handOn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#length === 0) return;
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafeSlow(maxBytes);
    this.#length = 0;
    this.#out.write(bytes);
  }
}

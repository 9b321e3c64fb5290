/**
 * Collects lines as bytes and hands them on together. The destination of pino measures all that
 * waits again for each text that it gets, and encodes it, which together costs more than everything
 * else that is done for a request.
 */

/** What waits at the most, in bytes and in milliseconds. */
const maxBytes = 65_536;
const maxMs = 250;
/** How long a file or a reader that takes nothing is waited for at the end, in milliseconds. */
const maxFlushMs = 1000;

/** Where lines go. */
export interface LineDestination {
  /** Takes the bytes of one line or more; they are not touched again. */
  readonly write: (bytes: Buffer) => unknown;
  /** Calls back once all is written, or can't be. */
  readonly flush?: (onEnd: () => void) => void;
}

export class LineBuffer {
  readonly #out: LineDestination;
  #bytes: Buffer = Buffer.allocUnsafeSlow(maxBytes);
  #length = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasWritten = false;

  constructor(out: LineDestination) {
    this.#out = out;
  }

  write(line: string): void {
    const length = Buffer.byteLength(line);
    if (this.#length + length > maxBytes) this.#handOn();
    if (length > maxBytes) return void this.#write(Buffer.from(line));
    // Most lines are ASCII alone, which is copied and not encoded.
    this.#bytes.write(line, this.#length, length === line.length ? "latin1" : "utf8");
    this.#length += length;
    // The timer keeps the process, so that the last lines are written before it ends.
    this.#timer ??= setTimeout(() => this.#handOn(), maxMs);
  }

  /** Hands everything on. Resolves once it is written, or after a second, since it may never be. */
  flush(): Promise<void> {
    this.#handOn();
    return new Promise((resolve) => {
      // Pino's destination fails when it is flushed before it was opened for a first line.
      if (this.#out.flush === undefined || !this.#hasWritten) return void resolve();
      const timer = setTimeout(resolve, maxFlushMs);
      this.#out.flush(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #handOn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#length === 0) return;
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafeSlow(maxBytes);
    this.#length = 0;
    this.#write(bytes);
  }

  #write(bytes: Buffer): void {
    this.#hasWritten = true;
    this.#out.write(bytes);
  }
}

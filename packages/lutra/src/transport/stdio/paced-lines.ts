import type { LineReader } from "./lines.ts";

/**
 * Maximum number of lines that are read in one turn of the event loop. A chunk of 64 KiB can contain
 * tens of thousands of lines, and an invalid one takes some 50 microseconds.
 */
const maxLines = 256;

/** Reads lines from chunks, a limited number at a time, so that timers and other input are not delayed. */
export class PacedLines {
  readonly #reader: LineReader;
  readonly #onIdle: () => void;
  /** The rest of the current chunk, and the chunks that arrived since. */
  readonly #waiting: Uint8Array[] = [];

  /** @param onIdle Called when `isBusy` has become false */
  constructor(reader: LineReader, onIdle: () => void) {
    this.#reader = reader;
    this.#onIdle = onIdle;
  }

  /** True while lines wait for the next turn, and the source should be paused. */
  get isBusy(): boolean {
    return this.#waiting.length > 0;
  }

  /** Adds the next bytes of the stream, which must not change. */
  push(chunk: Uint8Array): void {
    if (this.isBusy) this.#waiting.push(chunk);
    else this.#read(chunk);
  }

  /** Resolves when no lines wait. A stream may end while it is paused. */
  async idle(): Promise<void> {
    while (this.isBusy) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Ends the stream. Resolves after the lines that wait. */
  async end(): Promise<void> {
    await this.idle();
    this.#reader.end();
  }

  #read(chunk: Uint8Array): void {
    const end = endOfLines(chunk);
    this.#reader.push(chunk.subarray(0, end));
    if (end < chunk.length) this.#waiting.unshift(chunk.subarray(end));
    if (this.isBusy) setImmediate(() => this.#continue());
  }

  #continue(): void {
    this.#read(this.#waiting.shift() as Uint8Array);
    if (!this.isBusy) this.#onIdle();
  }
}

/** Returns the position after the last line that is read in this turn. */
function endOfLines(chunk: Uint8Array): number {
  let end = 0;
  for (let count = 0; count < maxLines; count += 1) {
    const at = chunk.indexOf(0x0a, end);
    if (at < 0) return chunk.length;
    end = at + 1;
  }
  return end;
}

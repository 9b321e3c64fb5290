/**
 * Collects lines and hands them on together. The destination of pino measures all that waits again
 * for each line that it gets, which costs more than everything else that is done for a request.
 */
import type { DestinationStream } from "pino";

/** What waits at the most, in characters and in milliseconds. */
const maxLength = 32_768;
const maxMs = 250;

/** A destination that can write what waits at once. */
interface Flushable extends DestinationStream {
  readonly flushSync?: () => void;
}

export class LineBuffer implements DestinationStream {
  readonly #out: Flushable;
  #lines: string[] = [];
  #length = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(out: Flushable) {
    this.#out = out;
  }

  write(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#length >= maxLength) this.#handOn();
    // The timer keeps the process, so that the last lines are written before it ends.
    else this.#timer ??= setTimeout(() => this.#handOn(), maxMs);
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
    const text = this.#lines.join("");
    this.#lines = [];
    this.#length = 0;
    this.#out.write(text);
  }
}

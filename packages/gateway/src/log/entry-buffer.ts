/**
 * Collects entries and writes their lines together. A line by itself costs three times as much, since
 * what makes it has left the processor's cache since the one before; the destination of pino
 * measures all that waits once more for each text that it gets; and each write wakes a thread, which
 * costs as much as some hundred lines.
 */

/** What waits at the most, in entries and in milliseconds. */
const maxEntries = 512;
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

export class EntryBuffer<Entry> {
  readonly #out: LineDestination;
  readonly #lineOf: (entry: Entry) => string;
  #entries: Entry[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasWritten = false;

  /** `lineOf` writes the line of an entry, with its end. */
  constructor(out: LineDestination, lineOf: (entry: Entry) => string) {
    this.#out = out;
    this.#lineOf = lineOf;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length >= maxEntries) this.#handOn();
    // The timer keeps the process, so that the last lines are written before it ends.
    else this.#timer ??= setTimeout(() => this.#handOn(), maxMs);
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
    if (this.#entries.length === 0) return;
    let text = "";
    for (const entry of this.#entries) text += this.#lineOf(entry);
    this.#entries = [];
    this.#hasWritten = true;
    // Most lines are ASCII alone, which is copied and not encoded.
    const isAscii = Buffer.byteLength(text) === text.length;
    this.#out.write(Buffer.from(text, isAscii ? "latin1" : "utf8"));
  }
}

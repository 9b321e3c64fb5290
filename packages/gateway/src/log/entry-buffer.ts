/**
 * Collects log entries and writes their lines in batches. Formatting one line at a time takes three
 * times as long per line as in a batch, because the processor's cache no longer contains the
 * formatting code. Each write also wakes a thread, which takes as long as about a hundred lines.
 */

/** Maximum number of entries in a batch. */
const maxEntries = 512;
/** Maximum age of a batch, in milliseconds. */
const maxMs = 250;
/** Maximum time that `flush` waits for the destination, in milliseconds. */
const maxFlushMs = 1000;

/** The destination of log lines. */
export interface LineDestination {
  /** Writes one or more lines. */
  readonly write: (lines: string) => unknown;
  /** Calls `onEnd` once all lines are written or writing has failed. */
  readonly flush?: (onEnd: () => void) => void;
}

export class EntryBuffer<Entry> {
  readonly #out: LineDestination;
  readonly #lineOf: (entry: Entry) => string;
  #entries: Entry[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `lineOf` formats an entry as a line, including the line break. */
  constructor(out: LineDestination, lineOf: (entry: Entry) => string) {
    this.#out = out;
    this.#lineOf = lineOf;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length >= maxEntries) this.write();
    // The timer keeps the process alive until the last lines are written.
    else this.#timer ??= setTimeout(() => this.write(), maxMs);
  }

  /** Writes all entries. Resolves once they are written, but after one second at the latest. */
  flush(): Promise<void> {
    this.write();
    return new Promise((resolve) => {
      if (this.#out.flush === undefined) return void resolve();
      const timer = setTimeout(resolve, maxFlushMs);
      this.#out.flush(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Passes all entries to the destination. */
  write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#entries.length === 0) return;
    let lines = "";
    for (const entry of this.#entries) lines += this.#lineOf(entry);
    this.#entries = [];
    this.#out.write(lines);
  }
}

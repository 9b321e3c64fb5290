/**
 * Collects log entries and writes their lines in batches. Formatting a single line costs three times
 * as much as a line in a batch, because the code that formats it has left the processor's cache
 * since the previous one. Each write also wakes a thread, which costs as much as about a hundred
 * lines.
 */

/** Maximum number of entries in a batch. */
const maxEntries = 512;
/** Maximum age of a batch, in milliseconds. */
const maxMs = 250;
/** Maximum time that `flush` waits for the destination, in milliseconds. */
const maxFlushMs = 1000;

/** The destination of log lines. */
export interface LineDestination {
  /** Accepts one line or more. */
  readonly write: (lines: string) => unknown;
  /** Calls back once everything is written or has failed. */
  readonly flush?: (onEnd: () => void) => void;
}

export class EntryBuffer<Entry> {
  readonly #out: LineDestination;
  readonly #lineOf: (entry: Entry) => string;
  #entries: Entry[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hasWritten = false;

  /** `lineOf` formats an entry as a line, including the line break. */
  constructor(out: LineDestination, lineOf: (entry: Entry) => string) {
    this.#out = out;
    this.#lineOf = lineOf;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length >= maxEntries) this.#write();
    // The timer keeps the process alive until the last lines are written.
    else this.#timer ??= setTimeout(() => this.#write(), maxMs);
  }

  /** Writes all entries. Resolves once they are written, or after a second at the latest. */
  flush(): Promise<void> {
    this.#write();
    return new Promise((resolve) => {
      // SonicBoom fails when it is flushed before its file is open.
      if (this.#out.flush === undefined || !this.#hasWritten) return void resolve();
      const timer = setTimeout(resolve, maxFlushMs);
      this.#out.flush(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#entries.length === 0) return;
    let lines = "";
    for (const entry of this.#entries) lines += this.#lineOf(entry);
    this.#entries = [];
    this.#hasWritten = true;
    this.#out.write(lines);
  }
}

/** Reads the lines of a file that another program writes and renames. */
import { type FSWatcher, watch } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { delay } from "lutra/internal";

/** Size of a read, in bytes. */
const chunkBytes = 65_536;

/** Maximum size of a line, in bytes. Longer ones are left out. */
const maxLineBytes = 1_048_576;

/** Interval between two checks of a file whose system reports no changes, in milliseconds. */
const pollMs = 1000;

const newLine = 0x0a;

/** The lines of one file, from its beginning, and then those that are added to it. */
export class LineReader {
  readonly #path: string;
  #file: FileHandle;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);
  #isTooLong = false;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Opens a file. Rejects with the error of Node if that is not possible. */
  static async open(path: string): Promise<LineReader> {
    return new LineReader(path, await open(path, "r"));
  }

  /** Reads all lines that have been written completely. */
  async *read(): AsyncGenerator<string> {
    yield* this.#readFile();
    while (await this.#isReplaced()) {
      // The program may have written more before it began the new file.
      yield* this.#readFile();
      await this.#file.close();
      this.#file = await open(this.#path, "r");
      this.#restart();
      yield* this.#readFile();
    }
  }

  /** Yields the lines that are added to the file, until the signal aborts. */
  async *follow(signal: AbortSignal): AsyncGenerator<string> {
    const changes = watchFolder(dirname(this.#path));
    try {
      while (!signal.aborted) {
        const changed = changes.next();
        yield* this.read();
        await Promise.race([changed, delay(pollMs, signal).catch(() => {})]);
      }
    } finally {
      changes.close();
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async *#readFile(): AsyncGenerator<string> {
    const { size } = await this.#file.stat();
    if (size < this.#offset) this.#restart();
    for (;;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const { bytesRead } = await this.#file.read(chunk, 0, chunkBytes, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      yield* this.#split(chunk.subarray(0, bytesRead));
    }
  }

  *#split(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(newLine); end >= 0; end = chunk.indexOf(newLine, start)) {
      const line = Buffer.concat([this.#rest, chunk.subarray(start, end)]);
      if (!this.#isTooLong) yield line.toString("utf8");
      this.#isTooLong = false;
      this.#rest = Buffer.alloc(0);
      start = end + 1;
    }
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(start)]);
    if (this.#rest.length <= maxLineBytes) return;
    this.#isTooLong = true;
    this.#rest = Buffer.alloc(0);
  }

  #restart(): void {
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
    this.#isTooLong = false;
  }

  /** True if the path is another file now, as after a rotation. */
  async #isReplaced(): Promise<boolean> {
    const current = await stat(this.#path).catch(() => undefined);
    if (current === undefined) return false;
    const { ino, dev } = await this.#file.stat();
    return current.ino !== ino || current.dev !== dev;
  }
}

/** Watches a folder. `next` resolves with the next change, or never on systems without watching. */
function watchFolder(folder: string) {
  let onChange = () => {};
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(folder, () => onChange());
    watcher.on("error", () => watcher?.close());
  } catch {
    // Polling remains.
  }
  return {
    next: () =>
      new Promise<void>((resolve) => {
        onChange = resolve;
      }),
    close: () => watcher?.close(),
  };
}

/**
 * A file of lines. Batches of lines are written one after the other. A batch that can't be written is
 * discarded and counted, and never leaves a part of a line in a regular file.
 */
import {
  closeSync,
  constants,
  fstat,
  fstatSync,
  ftruncate,
  mkdirSync,
  openSync,
  renameSync,
  write,
} from "node:fs";
import { dirname } from "node:path";
import type { LineDestination } from "./entry-buffer.ts";

export interface LineFileOptions {
  /** The path; its folder is created. By default, standard output. */
  readonly file?: string | undefined;
  /** Size in bytes above which a new file is begun. */
  readonly maxBytes?: number | undefined;
  /** Number of earlier files that are kept, as `file.1` and so on. @default 5 */
  readonly keep?: number | undefined;
  /** Called for the first write that fails after a successful one. */
  readonly onError: (error: Error) => void;
  /** Called for the first successful write after a failure, with the number of lines lost. */
  readonly onRecovered: (lost: number) => void;
}

/** Maximum number of bytes that wait for a slow file or reader; further lines are discarded. */
const maxWaitingBytes = 16_777_216;

/** Pause before another attempt to write to a reader that does not read, in milliseconds. */
const retryMs = 50;

export class LineFile implements LineDestination {
  readonly #options: LineFileOptions;
  #fd: number;
  /** Size of the file in bytes, as far as it is known. */
  #size: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  #isClosed = false;
  #mustReopen = false;
  #onIdle = () => {};
  #lost = 0;
  /** Value of `#lost` at the last success. Undefined unless the latest write has failed. */
  #lostBefore: number | undefined;

  /** @throws if the file can't be opened */
  constructor(options: LineFileOptions) {
    this.#options = options;
    this.#fd = open(options.file);
    this.#size = fstatSync(this.#fd).size;
  }

  /** Number of lines that were discarded so far. */
  lost(): number {
    return this.#lost;
  }

  write(lines: string): void {
    const bytes = Buffer.from(lines);
    if (this.#isClosed || this.#waitingBytes + bytes.length > maxWaitingBytes) {
      this.#lose(bytes);
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (!this.#isWriting) this.#next();
  }

  /** Calls `onEnd` once no line waits. */
  flush(onEnd: () => void): void {
    if (this.#isWriting) this.#onIdle = onEnd;
    else onEnd();
  }

  /** Opens the path again, after another program has renamed the file. */
  reopen(): void {
    this.#mustReopen = true;
    if (!this.#isWriting && !this.#isClosed) this.#next();
  }

  /** Releases the file. Lines that still wait are lost. */
  close(): void {
    const isOwn = this.#options.file !== undefined && !this.#isClosed;
    this.#isClosed = true;
    // A write that hangs still uses the file.
    if (isOwn && !this.#isWriting) closeSync(this.#fd);
  }

  #next(): void {
    if (this.#mustReopen) this.#reopenNow();
    const bytes = this.#waiting.shift();
    this.#isWriting = bytes !== undefined;
    if (bytes === undefined) {
      this.#onIdle();
      return;
    }
    this.#waitingBytes -= bytes.length;
    this.#send(bytes, 0);
  }

  #send(bytes: Buffer, offset: number): void {
    write(this.#fd, bytes, offset, bytes.length - offset, null, (error, written) => {
      if (error !== null) return this.#fail(error, bytes, offset);
      this.#size += written;
      if (offset + written < bytes.length) return this.#send(bytes, offset + written);
      this.#recover();
      this.#rotate();
      this.#next();
    });
  }

  #fail(error: NodeJS.ErrnoException, bytes: Buffer, offset: number): void {
    if (error.code === "EAGAIN") {
      // A reader that never reads again must not keep the process alive.
      setTimeout(() => this.#send(bytes, offset), retryMs).unref();
      return;
    }
    const lineStart = bytes.subarray(0, offset).lastIndexOf("\n") + 1;
    this.#lostBefore ??= this.#reported(error);
    this.#lose(bytes.subarray(lineStart));
    this.#cut(offset - lineStart, () => this.#next());
  }

  #reported(error: Error): number {
    this.#options.onError(error);
    return this.#lost;
  }

  #recover(): void {
    if (this.#lostBefore === undefined) return;
    this.#options.onRecovered(this.#lost - this.#lostBefore);
    this.#lostBefore = undefined;
  }

  #lose(bytes: Buffer): void {
    for (const byte of bytes) if (byte === 10) this.#lost += 1;
  }

  /** Removes the written part of a line from the end of a regular file. */
  #cut(bytes: number, then: () => void): void {
    if (bytes === 0) {
      then();
      return;
    }
    fstat(this.#fd, (error, found) => {
      if (error !== null || !found.isFile() || found.size < bytes) return then();
      this.#size = found.size - bytes;
      ftruncate(this.#fd, this.#size, then);
    });
  }

  #rotate(): void {
    const { file, maxBytes, keep = 5 } = this.#options;
    if (file === undefined || maxBytes === undefined || this.#size < maxBytes) return;
    for (let number = keep; number > 0; number -= 1) {
      try {
        renameSync(number === 1 ? file : `${file}.${number - 1}`, `${file}.${number}`);
      } catch {
        // The file does not exist yet, or can't be renamed: then the current one grows.
      }
    }
    this.#mustReopen = true;
  }

  #reopenNow(): void {
    this.#mustReopen = false;
    const { file } = this.#options;
    if (file === undefined) return;
    try {
      const next = open(file);
      closeSync(this.#fd);
      this.#fd = next;
      this.#size = fstatSync(next).size;
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }
}

/** Without blocking, because a thread that waits for the reader of a pipe would outlive `exit`. */
const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

function open(file: string | undefined): number {
  if (file === undefined) return openOutput();
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, flags, 0o666);
}

/** Returns standard output. A pipe is opened again, because other programs may share its flags. */
function openOutput(): number {
  if (process.platform !== "linux" || !fstatSync(1).isFIFO()) return 1;
  try {
    return openSync("/proc/self/fd/1", constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return 1;
  }
}

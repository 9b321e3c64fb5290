/**
 * A server process, from its start to its exit.
 *
 * @spec basic/transports/stdio#shutdown
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { TransportError } from "../../protocol/transport-error.ts";
import { delay } from "../../time/backoff.ts";
import { settlesWithin } from "../../time/within.ts";
import type { LineWriter } from "./line-writer.ts";
import { createLineWriter } from "./line-writer.ts";
import { createLineReader } from "./lines.ts";
import { PacedLines } from "./paced-lines.ts";
import { isGroupAlive, signalGroup } from "./process-group.ts";
import { type StdioCommand, spawnCommand } from "./spawn-command.ts";
import type { StderrLog } from "./stderr-log.ts";

export interface ChildOptions {
  readonly stderr: StderrLog;
  readonly onLine: (line: Uint8Array) => void;
  readonly onTooLong: () => void;
  readonly maxLineBytes: number;
  readonly maxBufferedBytes: number;
  readonly closeTimeoutMs: number;
}

/** The exit of a process: its code or its signal; the other one is `null`. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * Maximum time that output is read after an exit, in milliseconds. A grandchild that inherited the
 * pipe may keep it open for as long as it lives.
 */
const outputTimeoutMs = 500;
/** Interval between checks for processes that have outlived the one that started them. */
const groupCheckMs = 20;

export class Child {
  /** Resolves when the process has exited and its output has been read. */
  readonly exited: Promise<ChildExit>;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #writer: LineWriter;
  readonly #closeTimeoutMs: number;
  #stopping: Promise<void> | undefined;

  /**
   * Starts a process.
   *
   * @throws {TransportError} `closed` when it does not start, with the remedy
   */
  static async start(command: StdioCommand, options: ChildOptions): Promise<Child> {
    try {
      const started = spawnCommand(command);
      await once(started, "spawn");
      return new Child(started, options);
    } catch (thrown) {
      const why = reasonOf(thrown, command);
      const message = `The server "${command.command}" did not start: ${why}`;
      throw new TransportError("closed", message, { cause: thrown });
    }
  }

  private constructor(started: ChildProcessWithoutNullStreams, options: ChildOptions) {
    this.#process = started;
    this.#closeTimeoutMs = options.closeTimeoutMs;
    this.#writer = createLineWriter(started.stdin, options.maxBufferedBytes);
    const { stdout } = started;
    const lines = new PacedLines(createLineReader(options), () => stdout.resume());
    const read = (chunk: Uint8Array): void => {
      lines.push(chunk);
      if (lines.isBusy) stdout.pause();
    };
    const stop = (): void => void this.stop();
    // A server whose input or output is closed cannot answer requests any more.
    started.stdin.on("error", stop);
    stdout.on("data", read).on("end", stop).on("error", stop);
    started.stderr.on("data", options.stderr.push).on("end", options.stderr.end);
    // A signal that can't be sent raises an error, too. The next signal may succeed.
    started.on("error", () => {});
    this.exited = exitOf(started).then((exit) => lines.end().then(() => exit));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Writes one message. @throws {TransportError} `closed` when the server does not read */
  write(json: string): void {
    void this.#writer.write(json);
  }

  /** Sets whether the server process keeps this process from exiting. */
  setRef(isNeeded: boolean): void {
    const { stdin, stdout, stderr } = this.#process;
    for (const stream of [this.#process, stdin, stdout, stderr]) {
      // The pipes of Node are sockets; those of Bun have no such methods.
      const handle = stream as { readonly ref?: () => unknown; readonly unref?: () => unknown };
      if (isNeeded) handle.ref?.();
      else handle.unref?.();
    }
  }

  /**
   * Closes the input, then sends `SIGTERM` and `SIGKILL`, each after `closeTimeoutMs`, to the process
   * and to those that it has started. Ends these also if the process itself has exited before.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { pid } = this.#process;
    this.setRef(true);
    this.#process.stdin.end();
    if (pid === undefined || (await this.#endsWithin(pid))) return;
    signalGroup(pid, "SIGTERM");
    if (await this.#endsWithin(pid)) return;
    signalGroup(pid, "SIGKILL");
    await this.exited;
  }

  /** Resolves to true once the process and its group have ended, or to false after the timeout. */
  async #endsWithin(pid: number): Promise<boolean> {
    const dueAt = performance.now() + this.#closeTimeoutMs;
    if (!(await settlesWithin(this.#closeTimeoutMs, this.exited))) return false;
    while (isGroupAlive(pid)) {
      if (performance.now() >= dueAt) return false;
      await delay(groupCheckMs);
    }
    return true;
  }
}

function exitOf(child: ChildProcessWithoutNullStreams): Promise<ChildExit> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    child.once("exit", (code, signal) => {
      timer = setTimeout(() => {
        for (const stream of child.stdio) stream?.destroy();
        resolve({ code, signal });
      }, outputTimeoutMs);
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal });
    });
  });
}

function reasonOf(thrown: unknown, { command, cwd }: StdioCommand): string {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") {
    // Both a missing program and a missing directory are reported as ENOENT.
    if (cwd !== undefined && !existsSync(cwd)) return `the directory "${cwd}" does not exist`;
    return command.includes("/")
      ? "there is no such file; check the path"
      : "there is no such program; install it, give its full path, or set PATH in env";
  }
  if (code === "EACCES") return "it is not executable; check its permissions";
  return thrown instanceof Error ? thrown.message : String(thrown);
}

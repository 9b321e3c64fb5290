/**
 * A server process, from its start to its exit.
 *
 * @spec basic/transports/stdio#shutdown
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { TransportError } from "../../protocol/transport-error.ts";
import { settlesWithin } from "../../time/within.ts";
import type { LineWriter } from "./line-writer.ts";
import { createLineWriter } from "./line-writer.ts";
import { createLineReader } from "./lines.ts";
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
    const lines = createLineReader(options);
    const stop = (): void => void this.stop();
    // A server whose input or output is closed cannot answer requests any more.
    started.stdin.on("error", stop);
    started.stdout.on("data", lines.push).on("end", lines.end).on("end", stop).on("error", stop);
    started.stderr.on("data", options.stderr.push).on("end", options.stderr.end);
    // A signal that can't be sent raises an error, too. The next signal may succeed.
    started.on("error", () => {});
    this.exited = exitOf(started);
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
    for (const handle of [this.#process, stdin as Socket, stdout as Socket, stderr as Socket]) {
      if (isNeeded) handle.ref();
      else handle.unref();
    }
  }

  /** Closes the input, then sends `SIGTERM` and `SIGKILL`, each after `closeTimeoutMs`. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.setRef(true);
    this.#process.stdin.end();
    if (await settlesWithin(this.#closeTimeoutMs, this.exited)) return;
    this.#process.kill("SIGTERM");
    if (await settlesWithin(this.#closeTimeoutMs, this.exited)) return;
    this.#process.kill("SIGKILL");
    await this.exited;
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
  if (code === "EACCES") return "it may not be executed; check its permissions";
  return thrown instanceof Error ? thrown.message : String(thrown);
}

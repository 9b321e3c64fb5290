/**
 * A server process: how it starts, and how it comes to its end.
 *
 * @spec basic/transports/stdio#shutdown
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { TransportError } from "../../protocol/transport-error.ts";
import { childEnvironment } from "./environment.ts";
import type { LineWriter } from "./line-writer.ts";
import { createLineWriter } from "./line-writer.ts";
import { createLineReader } from "./lines.ts";
import type { StderrLog } from "./stderr-log.ts";
import { within } from "./within.ts";

/** How to start a server. No shell is involved. */
export interface StdioCommand {
  /** A program, found by `PATH` unless it is a path. */
  readonly command: string;
  readonly args?: readonly string[];
  /**
   * Variables for the server, beside a short list that every program needs (`PATH`, `HOME`, `LANG`
   * and such). Nothing else of this process's environment is handed on, since it may hold secrets.
   * `process.env` hands on everything.
   */
  readonly env?: { readonly [name: string]: string | undefined };
  /** The directory the server starts in. @default that of this process */
  readonly cwd?: string;
}

export interface ChildOptions {
  readonly stderr: StderrLog;
  readonly onLine: (line: Uint8Array) => void;
  readonly onTooLong: () => void;
  readonly maxLineBytes: number;
  readonly maxBufferedBytes: number;
  readonly closeTimeoutMs: number;
}

/** How a process ended: one of the two is `null`. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * How long output is awaited after an exit. A grandchild that inherited the pipe may hold it open
 * for as long as it lives.
 */
const outputTimeoutMs = 500;

export class Child {
  /** Resolves when the process has ended and its output has been read. */
  readonly exited: Promise<ChildExit>;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #writer: LineWriter;
  readonly #closeTimeoutMs: number;
  #stopping: Promise<void> | undefined;

  /**
   * Starts a process.
   *
   * @throws {TransportError} `closed` when it does not start, saying what to do about it
   */
  static async start(command: StdioCommand, options: ChildOptions): Promise<Child> {
    const { args = [], cwd } = command;
    try {
      const started = spawn(command.command, args, {
        cwd,
        env: childEnvironment(command.env),
        stdio: "pipe",
        windowsHide: true,
      });
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
    // A server that takes no more, or says no more, is of no use any longer.
    started.stdin.on("error", stop);
    started.stdout.on("data", lines.push).on("end", lines.end).on("end", stop).on("error", stop);
    started.stderr.on("data", options.stderr.push).on("end", options.stderr.end);
    // A signal that cannot be sent is an error too, and the next one may succeed.
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

  /** Whether the process that this is keeps the present one from ending. */
  setRef(isNeeded: boolean): void {
    const { stdin, stdout, stderr } = this.#process;
    for (const handle of [this.#process, stdin as Socket, stdout as Socket, stderr as Socket]) {
      if (isNeeded) handle.ref();
      else handle.unref();
    }
  }

  /** Closes the input; then, as often as patience runs out, asks with more force. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.setRef(true);
    this.#process.stdin.end();
    if (await within(this.#closeTimeoutMs, this.exited)) return;
    this.#process.kill("SIGTERM");
    if (await within(this.#closeTimeoutMs, this.exited)) return;
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

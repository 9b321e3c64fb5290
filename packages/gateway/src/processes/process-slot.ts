/** Keeps one of the processes of a gateway running: starts it, and replaces it when it dies. */
import { type ChildProcess, fork } from "node:child_process";
import { backoffMs, delay, type Pace } from "lutra/internal";
import { Channel, ChannelClosedError } from "./channel.ts";
import type { Start } from "./messages.ts";

/** A process that serves. */
export interface RunningProcess {
  /** The number of the process, from 1. A replacement has the same number. */
  readonly number: number;
  readonly pid: number | undefined;
  readonly channel: Channel;
  /** Closes the channel, so that the process ends. */
  readonly end: () => void;
  readonly kill: () => void;
}

export interface SlotOptions {
  readonly number: number;
  /** The path of the program. */
  readonly program: string;
  /** Connects the channel of a new process, before its first message. */
  readonly connect: (process: RunningProcess) => void;
  /** Returns the current first message. */
  readonly start: () => Start;
  /**
   * Called with a process that is ready. Returns false for one that must be replaced, because the
   * configuration has changed meanwhile.
   */
  readonly onReady: (process: RunningProcess, start: Start) => Promise<boolean>;
  /** Called when a process has ended that was ready or was not. */
  readonly onEnd: (process: RunningProcess) => void;
  /** True while other processes serve, so that this one may be tried again. */
  readonly hasOthers: () => boolean;
  readonly notice: (line: string) => void;
  /** Aborts when no process may be started any more. */
  readonly closing: AbortSignal;
}

/** Number of consecutive quick deaths after which the supervisor gives up. */
const maxQuickDeaths = 5;
/** Time below which the life of a process was too short, in milliseconds. */
const quickMs = 1000;
/** Time after which a process counts as healthy, so that the pauses start over, in milliseconds. */
const healthyMs = 10_000;
const pace: Pace = { baseMs: 100, maxMs: 5000 };
/** Processes of one machine restart independently, so the pauses need no jitter. */
const noJitter = () => 0;

/** The end of a process. */
interface Death {
  /** Time for which it served, in milliseconds; 0 if it was never ready. */
  readonly servedMs: number;
  /** The exit code or the signal. */
  readonly cause: string;
  /** The reason why the gateway could not start in it. */
  readonly problem?: string | undefined;
  /** True if the supervisor has ended it. */
  readonly isReplaced?: boolean;
}

/**
 * Runs the process until `closing` aborts and the last one has ended. Rejects when it can't be kept
 * running.
 */
export async function keepRunning(options: SlotOptions): Promise<void> {
  const { number, closing, notice } = options;
  const restarts = new Restarts(options);
  while (!closing.aborted) {
    const death = await runOnce(options);
    if (closing.aborted) return;
    if (death.isReplaced) continue;
    const pauseMs = restarts.pauseAfter(death);
    const { cause, problem } = death;
    const reason = problem === undefined ? `died (${cause})` : `could not start: ${problem}`;
    notice(`process ${number} ${reason}; restarting in ${pauseMs / 1000} s`);
    await delay(pauseMs, closing).catch(() => {});
  }
}

/** The deaths of a process and its replacements. */
class Restarts {
  readonly #options: Pick<SlotOptions, "number" | "hasOthers">;
  #attempt = 0;
  #quickDeaths = 0;

  constructor(options: Pick<SlotOptions, "number" | "hasOthers">) {
    this.#options = options;
  }

  /**
   * Returns the pause before the next start, in milliseconds.
   *
   * @throws {Error} if the process is not restarted any more
   */
  pauseAfter({ servedMs, cause, problem }: Death): number {
    const { number, hasOthers } = this.#options;
    if (servedMs >= healthyMs) this.#attempt = 0;
    this.#quickDeaths = servedMs < quickMs ? this.#quickDeaths + 1 : 0;
    // The others serve on, and a file that can't be loaded now may be repaired.
    const isRetried = problem !== undefined && hasOthers();
    if (problem !== undefined && !isRetried) throw new Error(problem);
    if (this.#quickDeaths >= maxQuickDeaths && !isRetried) throw new Error(gaveUp(number, cause));
    this.#attempt += 1;
    return backoffMs(this.#attempt - 1, noJitter, pace);
  }
}

async function runOnce(options: SlotOptions): Promise<Death> {
  const { number, program, connect, start, onReady, onEnd } = options;
  // Two processes can't share the port of a debugger, so they do not inherit the flag.
  const execArgv = process.execArgv.filter((flag) => !flag.startsWith("--inspect"));
  const child = fork(program, [], {
    execArgv,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    serialization: "advanced",
  });
  const kill = () => void child.kill("SIGKILL");
  const end = () => {
    if (child.connected) child.disconnect();
  };
  const own = { number, pid: child.pid, channel: new Channel(child), end, kill };
  const ended = endOf(child);
  connect(own);
  try {
    const message = start();
    const error = await own.channel.ask("start", message).then(
      () => undefined,
      (refusal: Error) => refusal,
    );
    if (error !== undefined) {
      kill();
      const cause = await ended;
      const problem = error instanceof ChannelClosedError ? undefined : error.message;
      return { servedMs: 0, cause: `${cause}, pid ${child.pid}`, problem };
    }
    const since = performance.now();
    const isCurrent = await onReady(own, message);
    if (!isCurrent) kill();
    const cause = await ended;
    return {
      servedMs: performance.now() - since,
      cause: `${cause}, pid ${child.pid}`,
      isReplaced: !isCurrent,
    };
  } finally {
    onEnd(own);
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once("error", (error) => {
      // A process that was never started emits no exit event.
      if (child.pid === undefined) resolve(error.message);
    });
  });
}

function gaveUp(number: number, cause: string): string {
  return (
    `gave up: process ${number} died ${maxQuickDeaths} times in a row before it had served for 1 s; ` +
    `last cause: ${cause}`
  );
}

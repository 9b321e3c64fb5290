/** Keeps one of the processes of a gateway running: starts it, and replaces it when it dies. */
import { type ChildProcess, fork } from "node:child_process";
import { backoffMs, delay, type Pace } from "lutra/internal";
import type { Config } from "../config/schema.ts";
import { Channel, ChannelClosedError } from "./channel.ts";
import { watchLiveness } from "./liveness.ts";
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
  /** Returns the current time limits. */
  readonly limits: () => Config["processes"];
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
  /** True if the supervisor has killed it because it did not start in time. */
  readonly isLate?: boolean;
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
  pauseAfter({ servedMs, cause, problem, isLate = false }: Death): number {
    const { number, hasOthers } = this.#options;
    if (servedMs >= healthyMs) this.#attempt = 0;
    this.#quickDeaths = servedMs < quickMs ? this.#quickDeaths + 1 : 0;
    // The others serve on, and a file that can't be loaded now may be repaired.
    const isRetried = (problem !== undefined || isLate) && hasOthers();
    if (problem !== undefined && !isRetried) throw new Error(problem);
    if (this.#quickDeaths >= maxQuickDeaths && !isRetried) throw new Error(gaveUp(number, cause));
    this.#attempt += 1;
    return backoffMs(this.#attempt - 1, noJitter, pace);
  }
}

async function runOnce(options: SlotOptions): Promise<Death> {
  const { number, program, connect, onEnd } = options;
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
    return await serveUntil(ended, own, options);
  } finally {
    onEnd(own);
  }
}

/** Starts the gateway in a process, and lets it serve until it has ended. */
async function serveUntil(
  ended: Promise<string>,
  own: RunningProcess,
  { number, start, limits, onReady, notice }: SlotOptions,
): Promise<Death> {
  const { pid, channel, kill } = own;
  const { startMs, silentMs } = limits();
  const message = start();
  const error = await refusalOf(channel.ask("start", message), startMs);
  if (error !== undefined) {
    kill();
    const cause = await ended;
    if (error instanceof TooLateError) {
      return { servedMs: 0, cause: `${error.message}, pid ${pid}`, isLate: true };
    }
    const problem = error instanceof ChannelClosedError ? undefined : error.message;
    return { servedMs: 0, cause: `${cause}, pid ${pid}`, problem };
  }
  const since = performance.now();
  const stopWatch = watchLiveness(own, silentMs, () => {
    notice(`process ${number} has not answered for ${silentMs / 1000} s, and is killed`);
  });
  try {
    const isCurrent = await Promise.race([onReady(own, message), ended.then(() => true)]);
    if (!isCurrent) kill();
    const cause = await ended;
    const servedMs = performance.now() - since;
    return { servedMs, cause: `${cause}, pid ${pid}`, isReplaced: !isCurrent };
  } finally {
    stopWatch();
  }
}

/** A process that did not start in time. */
class TooLateError extends Error {}

/** Resolves to the reason why a process did not start; undefined if it did. */
async function refusalOf(started: Promise<void>, startMs: number): Promise<Error | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Error>((resolve) => {
    const reason = `killed, because it had not started after ${startMs / 1000} s`;
    timer = setTimeout(() => resolve(new TooLateError(reason)), startMs);
  });
  const refusal = started.then(
    () => undefined,
    (error: Error) => error,
  );
  try {
    return await Promise.race([refusal, late]);
  } finally {
    clearTimeout(timer);
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

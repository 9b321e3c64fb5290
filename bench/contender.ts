/** A measured process: newly started, pinned to one core, controlled over IPC. */
import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import type { Calls, Question, Ready, Usage } from "./messages.ts";

/** True when processes can be pinned: `taskset` and two cores are available. */
export const isPinned: boolean =
  cpus().length > 1 && spawnSync("taskset", ["--version"]).status === 0;

/** Servers run on the first core; load generators, including this process, on the second. */
export type Core = 0 | 1;

/** The numbers of the cores, as `taskset` expects them. */
const cores = { 0: "0", 1: "1", both: "0,1" } as const;

export interface ContenderOptions {
  readonly args?: readonly string[];
  readonly core?: Core | "both";
  readonly nodeOptions?: readonly string[];
}

/** Maximum time for an answer of a process, beyond the requested duration, in milliseconds. */
const patienceMs = 60_000;

const children = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

export class Contender {
  readonly name: string;
  /** The address of a server; absent for clients. */
  readonly port: number;
  /** The value of `Authorization` that a server accepts, if it needs one. */
  readonly authorization: string | undefined;
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  constructor(name: string, ready: Ready, child: ChildProcess, ended: Promise<never>) {
    this.name = name;
    this.port = ready.port;
    this.authorization = ready.authorization;
    this.#child = child;
    this.#ended = ended;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  usage(collectGarbage = false): Promise<Usage> {
    return this.#ask({ ask: "usage", collectGarbage });
  }

  /** Starts a round of calls by a client. Rejects when the last calls are not answered. */
  call(inFlight: number, durationMs: number): Promise<Calls> {
    return this.#ask({ ask: "call", inFlight, durationMs }, durationMs + patienceMs);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended.catch(() => {});
  }

  async #ask<T>(question: Question, maxMs = patienceMs): Promise<T> {
    this.#child.send(question);
    const timeout = AbortSignal.timeout(maxMs);
    const answered = once(this.#child, "message", { signal: timeout }).catch((cause) => {
      throw new Error(`${this.name}: no answer within ${maxMs} ms`, { cause });
    });
    const [answer] = await Promise.race([answered, this.#ended]);
    return answer as T;
  }
}

/** Starts a program compiled beside this one; `file` is relative to the output folder. */
export async function start(
  name: string,
  file: string | URL,
  { args = [], core = 0, nodeOptions = [] }: ContenderOptions = {},
): Promise<Contender> {
  const path = typeof file === "string" ? new URL(file, import.meta.url) : file;
  const node = [process.execPath, ...nodeOptions];
  const [execPath, ...execArgv] = isPinned ? ["taskset", "-c", cores[core], ...node] : node;
  const child = fork(path, args, { execPath: execPath as string, execArgv });
  children.add(child);
  const ended = rejectAtEnd(name, child);
  const [ready] = await Promise.race([once(child, "message"), ended]);
  return new Contender(name, ready as Ready, child, ended);
}

/** Runs `use` with new processes, and ends them in every case. */
export async function withContenders<T>(
  starting: readonly Promise<Contender>[],
  use: (contenders: readonly Contender[]) => Promise<T>,
): Promise<T> {
  const settled = await Promise.allSettled(starting);
  const contenders = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  try {
    for (const each of settled) if (each.status === "rejected") throw each.reason;
    return await use(contenders);
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

function rejectAtEnd(name: string, child: ChildProcess): Promise<never> {
  const ended = once(child, "exit").then(([code]): never => {
    children.delete(child);
    throw new Error(`${name}: the process ended with code ${code}`);
  });
  ended.catch(() => {});
  return ended;
}

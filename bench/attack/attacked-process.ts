/** A process that is attacked, as seen from the outside. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { compiled } from "../../test/compiled.ts";

export interface AttackedProcess {
  /** The first message of the process. */
  readonly ready: unknown;
  /** Sends a message to the process, and resolves with the next message from it. */
  readonly ask: (message: unknown) => Promise<unknown>;
  readonly stop: () => void;
  /** The process, whose `stdin` and `stdout` are pipes. */
  readonly child: ChildProcess;
}

/** The time after which a process without an answer counts as frozen, in milliseconds. */
const frozenMs = 10_000;

/** The attacked processes, which end with this one. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts a program of this folder and waits for its first message.
 *
 * @throws {Error} `frozen` or `ended` for a process that does not answer, from `ask`, too
 */
export async function startAttacked(
  file: string,
  args: readonly string[],
): Promise<AttackedProcess> {
  const program = compiled(new URL(file, import.meta.url));
  const stdio = ["pipe", "pipe", "inherit", "ipc"] as const;
  const child = fork(program, args, { execArgv: [], stdio: [...stdio] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return {
    ready: await nextMessage(child),
    ask: (message) => {
      child.send(message as object);
      return nextMessage(child);
    },
    stop: () => void child.kill("SIGKILL"),
    child,
  };
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const settled = new AbortController();
  const signal = AbortSignal.any([settled.signal, AbortSignal.timeout(frozenMs)]);
  try {
    const ended = once(child, "exit", { signal }).then(() => {
      throw new Error("ended");
    });
    const [message] = (await Promise.race([once(child, "message", { signal }), ended])) as [
      unknown,
    ];
    return message;
  } catch (error) {
    child.kill("SIGKILL");
    throw (error as Error).name === "AbortError" ? new Error("frozen") : error;
  } finally {
    settled.abort();
  }
}

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface WorkerProcess {
  readonly child: ChildProcess;
  /**
   * Resolves to the time of the first such message, including earlier ones. Rejects after a minute, with
   * all messages so far.
   */
  readonly heard: (key: string, value: unknown) => Promise<number>;
  readonly hasHeard: (key: string, value: unknown) => boolean;
  /** Returns the messages so far with this value. */
  readonly allHeard: (
    key: string,
    value: unknown,
  ) => readonly { readonly [key: string]: unknown }[];
}

/** Maximum time for a message, in milliseconds. */
const heardWithinMs = 60_000;

const program = fileURLToPath(new URL("./fixtures/worker-process.mjs", import.meta.url));

/** Starts a process with an open store, and a worker for the role `work`. */
export async function startWorker(url: string, role: "work" | "look"): Promise<WorkerProcess> {
  const child = fork(program, [url, role], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const messages: { readonly at: number; readonly message: { [key: string]: unknown } }[] = [];
  const waiting = new Set<() => void>();
  child.on("message", (message) => {
    messages.push({ at: performance.now(), message: message as { [key: string]: unknown } });
    for (const look of [...waiting]) look();
  });
  const heard = (key: string, value: unknown): Promise<number> =>
    new Promise((resolve, reject) => {
      const tooLate = setTimeout(() => {
        waiting.delete(look);
        const all = JSON.stringify(messages.map(({ message }) => message));
        reject(new Error(`no message ${key}: ${value} within ${heardWithinMs} ms, but ${all}`));
      }, heardWithinMs);
      const look = () => {
        const found = messages.find(({ message }) => message[key] === value);
        if (found === undefined) return;
        waiting.delete(look);
        clearTimeout(tooLate);
        resolve(found.at);
      };
      waiting.add(look);
      look();
    });
  await heard("ready", true);
  const hasHeard = (key: string, value: unknown) =>
    messages.some(({ message }) => message[key] === value);
  const allHeard = (key: string, value: unknown) =>
    messages.map(({ message }) => message).filter((message) => message[key] === value);
  return { child, heard, hasHeard, allHeard };
}

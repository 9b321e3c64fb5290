/** Starts and cancels the calls of the page. */
import type { JSONObject } from "lutra/protocol";
import type { Link } from "./link.ts";
import { messageOf, sendCall } from "./run-call.ts";
import type { Run, RunKind, Runs } from "./runs.ts";
import type { WireLog } from "./wire-log.ts";

export interface Calls {
  /** Starts a call, and does not wait for it. */
  readonly start: (kind: RunKind, name: string, args: JSONObject) => Run;
  /** Asks the server to cancel the task of a call. Otherwise, and the second time, stops waiting. */
  readonly cancel: (id: number) => Promise<void>;
  /** Records the state of a task for the call that has become it. */
  readonly recordTask: (task: JSONObject) => void;
  readonly stop: () => void;
}

export function createCalls(link: Link, runs: Runs, log: WireLog): Calls {
  const running = new Map<number, AbortController>();
  /** The calls whose tasks the server was asked to cancel. */
  const cancelling = new Set<number>();

  async function send(run: Run, signal: AbortSignal): Promise<void> {
    try {
      await sendCall(await link.client(), run, { runs, signal });
    } catch (error) {
      const failure = { message: messageOf(error) };
      runs.update(run.id, { state: "failed", endedAt: Date.now(), error: failure });
    } finally {
      running.delete(run.id);
      cancelling.delete(run.id);
    }
  }

  return {
    start: (kind, name, args) => {
      const run = runs.create(kind, name, args);
      const abort = new AbortController();
      running.set(run.id, abort);
      void log.within(run.id, () => send(run, abort.signal));
      return run;
    },
    cancel: async (id) => {
      const taskId = runs.get(id)?.task?.taskId;
      if (typeof taskId !== "string" || cancelling.has(id)) {
        running.get(id)?.abort();
        return;
      }
      cancelling.add(id);
      const client = await link.client();
      await log.within(id, () => client.tasks.cancel(taskId));
    },
    recordTask: ({ inputRequests: _, result: _result, ...task }) => {
      const found = runs.find(
        (run) =>
          run.task?.taskId === task.taskId || (run.kind === "task" && run.name === task.taskId),
      );
      const id = found?.id ?? log.currentRun();
      if (id !== undefined) runs.update(id, { task: { ...runs.get(id)?.task, ...task } });
    },
    stop: () => {
      for (const abort of running.values()) abort.abort();
    },
  };
}

/**
 * A call that runs within its request and becomes a task on its way: when its time is over, or when
 * its handler says so. Until then it is answered, asks and is cancelled as any other call.
 *
 * @spec ext-tasks/tasks#task-creation
 */

import type { RequestContext } from "../../../protocol/exchange.ts";
import type { Result } from "../../../protocol/json-rpc.ts";
import type { InputMemory } from "../../../server/handler/request-state.ts";
import type { Questions } from "../../../server/handler/round.ts";
import type { MemorySource, StepLog } from "../../../server/handler/step-log.ts";
import { randomId } from "../../../server/random-id.ts";
import { endRound, recallMemory, type ToolCall } from "../../../server/tool-call.ts";
import { maxTimerMs } from "../../../time/max-timer.ts";
import { createTaskResult, type TaskCreation } from "./create-task.ts";
import type { TaskRecord } from "./records.ts";
import { eventOf, isAbandoned, type Outcome, TaskRun } from "./run.ts";
import { unreferenced } from "./running.ts";
import type { TaskSettings } from "./tool-settings.ts";
import type { WorkerInit } from "./worker.ts";

export interface HeldRunInit extends WorkerInit {
  readonly createTask: TaskCreation;
}

/** How long to wait before the store is asked once more to note how a run has ended. */
const storeRetryMs = 1000;

/** Runs a call that may become a task, and answers it with what comes first. */
export async function runHeld(
  call: ToolCall,
  settings: TaskSettings,
  init: HeldRunInit,
): Promise<Result> {
  const memory = await recallMemory(call);
  // The keys of steps stay the same, whether they are run before or after there is a task.
  const { exchange = randomId() } = memory;
  return new HeldRun(call, settings, init).answer({ ...memory, exchange });
}

class HeldRun {
  readonly #call: ToolCall;
  readonly #settings: TaskSettings;
  readonly #init: HeldRunInit;
  readonly #controller = new AbortController();
  readonly #promoted: Promise<Result>;
  #resolvePromoted: (result: Result) => void = () => {};
  #run: MemorySource | undefined;
  /** The task that this call has become, or is about to become. */
  #task: Promise<TaskRun> | undefined;
  #isOver = false;
  #remove: () => void = () => {};
  #status: string | undefined;

  constructor(call: ToolCall, settings: TaskSettings, init: HeldRunInit) {
    this.#call = call;
    this.#settings = settings;
    this.#init = init;
    this.#promoted = new Promise((resolve) => {
      this.#resolvePromoted = resolve;
    });
  }

  async answer(memory: InputMemory): Promise<Result> {
    const { request, context, handles } = this.#call.round;
    const onGone = () => this.#controller.abort(context.signal.reason);
    if (context.signal.aborted) onGone();
    context.signal.addEventListener("abort", onGone);
    const timer = this.#startTimer();
    const running = this.#call
      .runRound({
        request,
        context: this.#ownContext(context),
        memory,
        handles,
        stepLog: this.#stepLog,
      })
      .then(
        (value): Outcome => ({ value }),
        (error): Outcome => ({ error }),
      );
    const ended = running.then((outcome) => this.#end(outcome));
    try {
      return await Promise.race([ended, this.#promoted]);
    } finally {
      clearTimeout(timer);
      context.signal.removeEventListener("abort", onGone);
    }
  }

  /** With `Infinity` only the handler itself makes a task of the call. */
  #startTimer(): ReturnType<typeof setTimeout> | undefined {
    const { promoteAfterMs } = this.#settings;
    if (promoteAfterMs > maxTimerMs) return undefined;
    const promote = () => {
      // A call that can't become a task goes on as it is.
      if (!this.#isOver) this.#promote().catch((error) => this.#init.host.onError(error, "tasks"));
    };
    return unreferenced(setTimeout(promote, promoteAfterMs));
  }

  /** What the handler does goes to the request, until there is a task. */
  #ownContext(context: RequestContext): RequestContext {
    return {
      signal: this.#controller.signal,
      notify: (notification) => (this.#task ? undefined : context.notify(notification)),
      principal: context.principal,
      header: context.header,
      meta: context.meta,
    };
  }

  get #stepLog(): StepLog {
    return {
      begin: (run) => {
        this.#run = run;
      },
      step: async (name, outcome) =>
        this.#task ? (await this.#task).step(name, outcome) : outcome,
      status: async (message) => {
        this.#status = message;
        await (await this.#task)?.status(message);
      },
      startTask: async () => {
        await this.#promote();
      },
    };
  }

  /** Creates the task; when that fails, the call is none, and may try again. */
  #promote(): Promise<TaskRun> {
    this.#task ??= this.#create().catch((error) => {
      this.#task = undefined;
      throw error;
    });
    return this.#task;
  }

  async #create(): Promise<TaskRun> {
    const { records, createTask, running, host } = this.#init;
    const { context } = this.#call.round;
    const memory = (this.#run as MemorySource).memory;
    const statusMessage = this.#status;
    const record = await createTask(this.#call, { memory, order: "hold", statusMessage });
    const entry = running.add(record.taskId, (reason) => this.#controller.abort(reason));
    entry.expireIn(record.expiresAt === null ? null : record.expiresAt - host.now());
    this.#remove = entry.remove;
    if (context.signal.aborted) await this.#abandon(record);
    this.#resolvePromoted(createTaskResult(record));
    return new TaskRun(records, record);
  }

  /** Nobody learns of a task whose request was given up before its answer. */
  async #abandon({ taskId }: TaskRecord): Promise<void> {
    this.#controller.abort(this.#call.round.context.signal.reason);
    await this.#init.records.change(taskId, { type: "cancel" });
  }

  /** Answers the request with what came of the run, or notes it where there is a task. */
  async #end(outcome: Outcome): Promise<Result> {
    this.#isOver = true;
    const task = await this.#task?.catch(() => undefined);
    if (task === undefined) return this.#endRequest(outcome);
    void this.#note(task, outcome);
    return this.#promoted;
  }

  #endRequest(outcome: Outcome): Result | Promise<Result> {
    if ("error" in outcome) throw outcome.error;
    return endRound(this.#call.round, outcome.value as Result | Questions);
  }

  /** Notes how the run has ended, however long the store takes to be there again. */
  async #note(task: TaskRun, outcome: Outcome): Promise<void> {
    const { host, records } = this.#init;
    const { signal } = this.#controller;
    try {
      if (isAbandoned(outcome, signal)) return;
      // A run that could not note its steps is left to a worker, which begins with what is kept.
      const isLost = task.failure !== undefined;
      const event = isLost ? undefined : eventOf(outcome, task.round, host);
      for (;;) {
        try {
          await (event ? task.note(event) : records.handOver(task.taskId));
          return;
        } catch (error) {
          host.onError(error, "tasks");
          await pause(storeRetryMs);
        }
      }
    } finally {
      this.#remove();
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    unreferenced(setTimeout(resolve, ms));
  });
}

/**
 * A deferred call runs within its request. It becomes a task after a timeout, or when its handler
 * calls `context.startTask()`. Until then, its result, input requests and cancellation work as in
 * any other call.
 *
 * @spec ext-tasks/tasks#task-creation
 */
import type { RequestContext } from "../../../protocol/exchange.ts";
import type { Result } from "../../../protocol/json-rpc.ts";
import type { InputMemory } from "../../../server/handler/request-state.ts";
import type { MemorySource, StepLog } from "../../../server/handler/step-log.ts";
import { randomId } from "../../../server/random-id.ts";
import { endRound, recallMemory, type ToolCall } from "../../../server/tool-call.ts";
import type { HeldTask } from "../../../stores/task-store.ts";
import { waitWithTimer } from "../../../stores/timer.ts";
import { maxTimerMs } from "../../../time/max-timer.ts";
import { createTaskResult, type TaskCreation } from "./create-task.ts";
import { LazyAbortController, RoundContext } from "./lazy-abort.ts";
import { OutcomeLimit } from "./outcome-limit.ts";
import type { HeldRecord } from "./records.ts";
import { unreferenced } from "./running-tasks.ts";
import { isAbandoned, type Outcome, TaskRound } from "./task-round.ts";
import type { TaskSettings } from "./tool-settings.ts";
import type { WorkerInit } from "./worker.ts";

export interface DeferredCallInit extends WorkerInit {
  readonly creation: TaskCreation;
}

/** Pause before the end of a round is recorded again after a store failure, in milliseconds. */
const storeRetryMs = 1000;

/** Runs a call that may become a task. Resolves to its result or to its task. */
export async function runDeferred(
  call: ToolCall,
  settings: TaskSettings,
  init: DeferredCallInit,
): Promise<Result> {
  const memory = await recallMemory(call);
  // Sets the exchange id, so that steps keep their idempotency keys when the call becomes a task.
  const { exchange = randomId() } = memory;
  return new DeferredCall(call, settings, init).answer({ ...memory, exchange });
}

/** The task of a deferred call, and the round that runs for it. */
interface Promoted {
  readonly round: TaskRound;
  readonly taken: HeldTask;
  /** Removes the task from the tasks that this process runs. */
  readonly remove: () => void;
}

class DeferredCall {
  readonly #call: ToolCall;
  readonly #settings: TaskSettings;
  readonly #init: DeferredCallInit;
  readonly #controller = new LazyAbortController();
  /** Resolves when the call has become a task. */
  readonly #taskResult: Promise<Result>;
  #resolveTaskResult: (result: Result) => void = () => {};
  #run: MemorySource | undefined;
  #limit: OutcomeLimit | undefined;
  /** The task that this call has become or is becoming. */
  #task: Promise<Promoted> | undefined;
  #isTask = false;
  #hasEnded = false;
  #status: string | undefined;

  constructor(call: ToolCall, settings: TaskSettings, init: DeferredCallInit) {
    this.#call = call;
    this.#settings = settings;
    this.#init = init;
    this.#taskResult = new Promise((resolve) => {
      this.#resolveTaskResult = resolve;
    });
  }

  async answer(memory: InputMemory): Promise<Result> {
    const { request, context, handles, settings } = this.#call.round;
    const onAbort = () => this.#controller.abort(context.signal.reason);
    if (context.signal.aborted) onAbort();
    context.signal.addEventListener("abort", onAbort);
    const timer = this.#startTimer();
    const own = { context: this.#ownContext(context), stepLog: this.#stepLog };
    this.#limit = new OutcomeLimit(memory.steps);
    const ended = this.#call
      .runRound({ request, memory, handles, settings, ...own })
      .then(
        (value): Outcome => ({ value }),
        (error): Outcome => ({ error }),
      )
      .then((outcome) => this.#end(outcome));
    try {
      return await Promise.race([ended, this.#taskResult]);
    } finally {
      clearTimeout(timer);
      context.signal.removeEventListener("abort", onAbort);
    }
  }

  /**
   * Starts the timer after which the call becomes a task. With `Infinity`, there is no timer, and
   * only `context.startTask()` creates the task.
   */
  #startTimer(): ReturnType<typeof setTimeout> | undefined {
    const { promoteAfterMs } = this.#settings;
    if (promoteAfterMs > maxTimerMs) return undefined;
    const promote = () => {
      // A call that can't become a task continues as a plain request.
      if (!this.#hasEnded) {
        this.#promote().catch((error) => this.#init.host.onError(error, "tasks"));
      }
    };
    return unreferenced(setTimeout(promote, promoteAfterMs));
  }

  /** Returns the handler's context. Its notifications are dropped once the call becomes a task. */
  #ownContext(context: RequestContext): RequestContext {
    return new RoundContext(this.#controller, {
      notify: (notification) => (this.#task ? undefined : context.notify(notification)),
      principal: context.principal,
      address: context.address,
      header: context.header,
      meta: context.meta,
    });
  }

  get #stepLog(): StepLog {
    return {
      begin: (run) => {
        this.#run = run;
      },
      confirm: () => {
        if (this.#controller.aborted) throw this.#controller.reason;
        if (this.#isTask) return this.#task?.then(({ round }) => round.confirm());
      },
      check: (name, outcome) => this.#limit?.add(name, outcome),
      record: async (progress) => {
        await (await this.#task)?.round.record(progress);
      },
      canPause: () => this.#isTask,
      status: async (message) => {
        this.#status = message;
        await (await this.#task)?.round.status(message);
      },
      startTask: async () => {
        await this.#promote();
      },
    };
  }

  /** Creates the task. On failure, the call stays a plain request and may become a task later. */
  #promote(): Promise<Promoted> {
    this.#task ??= this.#create().catch((error) => {
      this.#task = undefined;
      throw error;
    });
    return this.#task;
  }

  async #create(): Promise<Promoted> {
    const { records, creation, running, host } = this.#init;
    const { memory } = this.#run as MemorySource;
    const held = await creation.hold(this.#call, memory, this.#status);
    const { taskId, expiresAt, taken } = held;
    const abort = (reason: unknown) => this.#controller.abort(reason);
    taken.onLost(abort);
    const entry = running.add(taskId, abort);
    entry.expireIn(expiresAt === null ? null : expiresAt - host.now());
    if (this.#call.round.context.signal.aborted) await this.#abandon(held);
    this.#resolveTaskResult(createTaskResult(held));
    this.#isTask = true;
    const controller = this.#controller;
    const round = new TaskRound({ records, record: held, taken, controller });
    return { round, taken, remove: entry.remove };
  }

  /** Cancels a task whose request was aborted before the client received the id of the task. */
  async #abandon(held: HeldRecord): Promise<void> {
    this.#controller.abort(this.#call.round.context.signal.reason);
    await this.#init.records.change(held.taskId, { type: "cancel" }, held, held.taken);
  }

  /** Answers the request with the outcome, or records the outcome in the task. */
  async #end(outcome: Outcome): Promise<Result> {
    this.#hasEnded = true;
    const task = await this.#task?.catch(() => undefined);
    if (task !== undefined) {
      void this.#record(task, outcome).finally(task.remove);
      return this.#taskResult;
    }
    if ("error" in outcome) throw outcome.error;
    return endRound(this.#call.round, outcome.value);
  }

  /** Records the outcome, and retries while the store is unavailable. */
  async #record({ round, taken }: Promoted, outcome: Outcome): Promise<void> {
    const { host } = this.#init;
    // If a step could not be recorded, a worker runs the round again.
    const isRecorded = round.failure === undefined && !isAbandoned(outcome, this.#controller);
    const lost = new AbortController();
    const removeListener = taken.onLost(() => lost.abort());
    while (!lost.signal.aborted) {
      try {
        if (isRecorded) await round.end(outcome, host);
        await taken.release();
        break;
      } catch (error) {
        host.onError(error, "tasks");
      }
      await waitWithTimer(storeRetryMs, lost.signal);
    }
    removeListener();
  }
}

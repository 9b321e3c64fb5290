/**
 * One round of a task: one execution of the tool's handler, with the answers and step outcomes of
 * earlier rounds. It runs in a worker, or in the request that became the task.
 */
import { isProtocolError, type ProtocolError } from "../../../protocol/errors.ts";
import type { Principal, RequestContext } from "../../../protocol/exchange.ts";
import { asJSON, copyOfJSON, type JSONObject } from "../../../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../../protocol/json-rpc.ts";
import { parseRequestMeta } from "../../../protocol/meta.ts";
import { callTool } from "../../../protocol/tools.ts";
import { modernVersions } from "../../../protocol/versioning.ts";
import type { ExtensionHost } from "../../../server/extension.ts";
import type { InputMemory, StepOutcome } from "../../../server/handler/request-state.ts";
import { InputNeeded } from "../../../server/handler/round.ts";
import type { RoundProgress, StepLog } from "../../../server/handler/step-log.ts";
import { unknownTool } from "../../../server/tools.ts";
import type { TakenTask } from "../../../stores/task-store.ts";
import { isTerminal } from "../protocol.ts";
import type { TaskCall, TaskEvent } from "../state.ts";
import { type LazyAbortController, RoundContext } from "./lazy-abort.ts";
import { OutcomeLimit, requireResultSize } from "./outcome-limit.ts";
import type { TaskRecord, TaskRecords } from "./records.ts";
import { cancelledError, expiredError } from "./running-tasks.ts";

/** The outcome of a handler: its result, the input that it needs, or the error that it threw. */
export type Outcome = { readonly value: Result | InputNeeded } | { readonly error: unknown };

/** A failure of the store. The task does not fail; it runs again. */
export class StoreFailure extends Error {
  override readonly name: string = "StoreFailure";
}

export interface TaskRoundInit {
  readonly records: TaskRecords;
  readonly record: TaskRecord;
  readonly taken: TakenTask;
  /** Aborted when the round must not cause further effects. */
  readonly controller: LazyAbortController;
}

/** Records the events of one round, as the handler's context reports them. */
export class TaskRound implements StepLog {
  readonly taskId: string;
  readonly #init: TaskRoundInit;
  readonly #number: number;
  #known: TaskRecord | undefined;
  #failure: StoreFailure | undefined;
  /** Settles when the previous event is recorded. Parallel writes would conflict. */
  #last: Promise<unknown> = Promise.resolve();
  /** Progress that waits for the previous event. It is recorded together. */
  #unrecorded: RoundProgress | undefined;
  #recording: Promise<void> = Promise.resolve();
  #limit: OutcomeLimit | undefined;

  constructor(init: TaskRoundInit) {
    this.taskId = init.record.taskId;
    this.#init = init;
    this.#number = init.record.state.round;
    this.#known = init.record;
  }

  /** The first failure of the store in this round. */
  get failure(): StoreFailure | undefined {
    return this.#failure;
  }

  confirm(): void | Promise<void> {
    this.#requireOpen();
    const confirmed = this.#init.taken.confirm();
    if (confirmed !== undefined) return confirmed.then(undefined, (error) => this.#refuse(error));
  }

  #requireOpen(): void {
    const { controller } = this.#init;
    if (controller.aborted) throw controller.reason;
  }

  /** Ends the round when the store can't confirm it. */
  #refuse(cause: unknown): never {
    this.#requireOpen();
    const failure = new StoreFailure("the store could not confirm the attempt at a task", {
      cause,
    });
    this.#failure ??= failure;
    this.#init.controller.abort(failure);
    throw failure;
  }

  check(name: string, outcome: StepOutcome): void {
    this.#limit ??= new OutcomeLimit(this.#init.record.state.memory.steps);
    this.#limit.add(name, outcome);
  }

  record({ steps, history }: RoundProgress): Promise<void> {
    const isScheduled = this.#unrecorded !== undefined;
    this.#unrecorded = { steps: { ...this.#unrecorded?.steps, ...steps }, history };
    if (!isScheduled) this.#recording = this.#change(() => this.#takeProgress());
    return this.#recording;
  }

  canPause(): boolean {
    return true;
  }

  status(message: string): Promise<void> {
    return this.#change(() => ({ type: "status", round: this.#number, message }));
  }

  /** Does nothing, because the call already is a task. */
  async startTask(): Promise<void> {}

  /** Records the outcome of the handler, and ends the attempt. */
  end(outcome: Outcome, host: ExtensionHost): Promise<TaskRecord | undefined> {
    const where = `task of ${this.#init.record.state.call.name}`;
    const mask = (thrown: unknown) => host.mask(thrown, where);
    return this.#apply(() => eventOf(outcome, this.#number, mask));
  }

  #takeProgress(): TaskEvent {
    const progress = this.#unrecorded ?? { steps: {}, history: [] };
    this.#unrecorded = undefined;
    return { type: "progress", ...progress };
  }

  /** Records an event during the round. Aborts the round if the task has ended. */
  async #change(event: () => TaskEvent): Promise<void> {
    const record = await this.#apply(event);
    const { controller } = this.#init;
    if (record === undefined) controller.abort(expiredError());
    else if (isTerminal(record.state.status)) controller.abort(cancelledError());
    this.#requireOpen();
  }

  #apply(event: () => TaskEvent): Promise<TaskRecord | undefined> {
    const applied = this.#last.then(() => this.#applyNow(event()));
    this.#last = applied.catch(() => {});
    return applied;
  }

  async #applyNow(event: TaskEvent): Promise<TaskRecord | undefined> {
    const { records, taken } = this.#init;
    try {
      this.#known = await records.change(this.taskId, event, this.#known, taken);
      return this.#known;
    } catch (cause) {
      this.#known = undefined;
      const failure = new StoreFailure("the store failed during a round of a task", { cause });
      this.#failure ??= failure;
      throw failure;
    }
  }
}

/**
 * Returns the event for an outcome.
 *
 * @spec ext-tasks/tasks#task-execution-errors
 */
function eventOf(
  outcome: Outcome,
  round: number,
  mask: (thrown: unknown) => ProtocolError,
): TaskEvent {
  try {
    if ("error" in outcome) throw outcome.error;
    const { value } = outcome;
    if (value instanceof InputNeeded) return pauseEvent(value, round);
    return { type: "complete", round, result: requireResultSize(asJSON(value)) };
  } catch (thrown) {
    return { type: "fail", round, error: asJSON(mask(thrown).toWire()) };
  }
}

function pauseEvent({ pending, memory, wakeAt }: InputNeeded, round: number): TaskEvent {
  const { answers, steps, history, state } = memory;
  const known = { answers, steps, history, state };
  const isAsking = Object.keys(pending).length > 0;
  if (isAsking) return copyOfJSON({ type: "ask", round, pending, memory: known });
  if (wakeAt !== undefined) return copyOfJSON({ type: "sleep", round, memory: known, wakeAt });
  throw new TypeError("inputRequired: expected at least one input request in a task");
}

/** Returns the parts of a call that other replicas need to run it. */
export function callOf(
  { params = {} }: JSONRPCRequest,
  { principal }: Pick<RequestContext, "principal">,
): TaskCall {
  return {
    name: params.name as string,
    arguments: (params.arguments ?? {}) as JSONObject,
    meta: without(params._meta as JSONObject, "progressToken"),
    principal: principal ? { ...principal } : null,
  };
}

export interface RoundInit {
  readonly host: ExtensionHost;
  readonly stepLog: StepLog;
  readonly controller: LazyAbortController;
}

/** Runs the handler of a task's tool once. */
export async function runTaskRound(
  { taskId, state: { call, memory } }: TaskRecord,
  { host, stepLog, controller }: RoundInit,
): Promise<Outcome> {
  const tool = host.tool(call.name);
  if (tool === undefined) return { error: unknownTool(call.name) };
  const params = { name: call.name, arguments: ownCopy(call.arguments), _meta: call.meta };
  const request: JSONRPCRequest = { jsonrpc: "2.0", id: taskId, method: callTool.name, params };
  const meta = without(parseRequestMeta(params, modernVersions), "logLevel");
  const principal = (call.principal ?? undefined) as Principal | undefined;
  // There is no request, so progress and log messages have no receiver.
  const context = new RoundContext(controller, { principal, meta, notify: () => {} });
  const known: InputMemory = {
    answers: ownCopy(memory.answers),
    steps: ownCopy(memory.steps),
    history: memory.history,
    exchange: memory.exchange,
    state: ownCopy(memory.state),
  };
  try {
    return { value: await tool.runRound({ request, context, memory: known, stepLog }) };
  } catch (error) {
    return { error };
  }
}

/**
 * Returns a copy that a handler may modify. Without the copy, its modifications would be stored
 * with the next change of the task.
 *
 * @throws {TypeError} for values that JSON can't represent
 */
function ownCopy<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  // Most of these values are empty, and a copy through JSON costs ten times as much as this check.
  for (const _key in value) return copyOfJSON(value);
  return (Array.isArray(value) ? [] : {}) as T;
}

/** Returns the object without a member. If the member is absent, returns the object itself. */
function without<T extends object, K extends keyof T>(object: T, name: K): Omit<T, K> {
  if (object[name] === undefined) return object;
  const { [name]: _left, ...rest } = object;
  return rest;
}

/** True when the handler failed because its round was aborted. */
export function isAbandoned(
  outcome: Outcome,
  { aborted, reason }: { readonly aborted: boolean; readonly reason?: unknown },
): boolean {
  if (!aborted || !("error" in outcome)) return false;
  const { error } = outcome;
  if (isProtocolError(error)) return false;
  return error === reason || (error instanceof Error && error.name === "AbortError");
}

/**
 * One round of a task: one execution of the tool's handler, with the answers and step outcomes of
 * earlier rounds. It runs in a worker, or in the request that became the task.
 */
import { isProtocolError } from "../../../protocol/errors.ts";
import type { Principal, RequestContext } from "../../../protocol/exchange.ts";
import { asJSON, copyOfJSON, type JSONObject } from "../../../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../../protocol/json-rpc.ts";
import { parseRequestMeta } from "../../../protocol/meta.ts";
import { callTool } from "../../../protocol/tools.ts";
import { modernVersions } from "../../../protocol/versioning.ts";
import type { ExtensionHost } from "../../../server/extension.ts";
import type { InputMemory, StepOutcome } from "../../../server/handler/request-state.ts";
import { InputNeeded } from "../../../server/handler/round.ts";
import type { StepLog } from "../../../server/handler/step-log.ts";
import { unknownTool } from "../../../server/tools.ts";
import type { TakenTask } from "../../../stores/task-store.ts";
import type { TaskCall, TaskEvent } from "../state.ts";
import { type LazyAbortController, RoundContext } from "./lazy-abort.ts";
import type { TaskRecord, TaskRecords } from "./records.ts";

/** The outcome of a handler: its result, the input that it needs, or the error that it threw. */
export type Outcome = { readonly value: Result | InputNeeded } | { readonly error: unknown };

/** A failure of the store. The task does not fail; it runs again. */
export class StoreFailure extends Error {
  override readonly name: string = "StoreFailure";
}

/** Records the events of one round, as the handler's context reports them. */
export class TaskRound implements StepLog {
  readonly taskId: string;
  readonly #records: TaskRecords;
  readonly #taken: TakenTask;
  readonly #number: number;
  #known: TaskRecord | undefined;
  #failure: StoreFailure | undefined;
  /** Settles when the previous event is recorded. Parallel writes would conflict. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(records: TaskRecords, record: TaskRecord, taken: TakenTask) {
    this.taskId = record.taskId;
    this.#number = record.state.round;
    this.#records = records;
    this.#taken = taken;
    this.#known = record;
  }

  /** The first failure of the store in this round. */
  get failure(): StoreFailure | undefined {
    return this.#failure;
  }

  async step(name: string, outcome: StepOutcome): Promise<StepOutcome> {
    const stored = ownCopy(outcome);
    const record = await this.#record({ type: "step", name, outcome: stored });
    const first = record?.state.memory.steps[name] ?? stored;
    // An outcome that an earlier attempt recorded takes precedence.
    return first === stored ? outcome : ownCopy(first);
  }

  async status(message: string): Promise<void> {
    await this.#record({ type: "status", round: this.#number, message });
  }

  /** Does nothing, because the call already is a task. */
  async startTask(): Promise<void> {}

  /** Records the outcome of the handler, and ends the attempt. */
  end(outcome: Outcome, host: ExtensionHost): Promise<TaskRecord | undefined> {
    return this.#record(eventOf(outcome, this.#number, host));
  }

  #record(event: TaskEvent): Promise<TaskRecord | undefined> {
    const recorded = this.#last.then(() => this.#change(event));
    this.#last = recorded.catch(() => {});
    return recorded;
  }

  async #change(event: TaskEvent): Promise<TaskRecord | undefined> {
    try {
      this.#known = await this.#records.change(this.taskId, event, this.#known, this.#taken);
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
function eventOf(outcome: Outcome, round: number, host: ExtensionHost): TaskEvent {
  try {
    if ("error" in outcome) throw outcome.error;
    const { value } = outcome;
    if (value instanceof InputNeeded) return askEvent(value, round);
    return { type: "complete", round, result: asJSON(value) };
  } catch (thrown) {
    const error = host.mask(thrown, "tasks");
    return { type: "fail", round, error: asJSON(error.toWire()) };
  }
}

function askEvent({ pending, memory }: InputNeeded, round: number): TaskEvent {
  if (Object.keys(pending).length === 0) {
    throw new TypeError("inputRequired: expected at least one input request in a task");
  }
  const { answers, steps, state } = memory;
  return copyOfJSON({ type: "ask", round, pending, memory: { answers, steps, state } });
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
  const context = new RoundContext(controller, principal, meta);
  const known: InputMemory = {
    answers: ownCopy(memory.answers),
    steps: ownCopy(memory.steps),
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

/**
 * Runs of tasks: by a worker that takes what is ordered, or by the request that a task came from.
 * A run is the tool's handler from its start, with the answers and steps of the runs before it.
 */
import { isProtocolError } from "../../../protocol/errors.ts";
import type { Principal, RequestContext } from "../../../protocol/exchange.ts";
import { asJSON, copyOfJSON, type JSONObject } from "../../../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../../protocol/json-rpc.ts";
import { parseRequestMeta } from "../../../protocol/meta.ts";
import { callTool } from "../../../protocol/tools.ts";
import { TransportError } from "../../../protocol/transport-error.ts";
import { modernVersions } from "../../../protocol/versioning.ts";
import type { ExtensionHost } from "../../../server/extension.ts";
import type { InputMemory, StepOutcome } from "../../../server/handler/request-state.ts";
import { Questions } from "../../../server/handler/round.ts";
import type { StepLog } from "../../../server/handler/step-log.ts";
import { unknownTool } from "../../../server/tools.ts";
import type { TakenTask } from "../../../stores/task-store.ts";
import type { TaskCall, TaskEvent } from "../state.ts";
import type { TaskRecord, TaskRecords } from "./records.ts";
import { RunContext, type Stop } from "./stop.ts";

/** How a run has ended, or that nothing may be noted of it. */
export type Outcome = { readonly value: Result | Questions } | { readonly error: unknown };

/** The store failed a run, which says nothing about its task: it is to be run again. */
export class StoreFailure extends Error {
  override readonly name: string = "StoreFailure";
}

/** One run of a task, and what this process knows of it. The handler's context writes to it. */
export class TaskRun implements StepLog {
  readonly taskId: string;
  readonly round: number;
  readonly #records: TaskRecords;
  #known: TaskRecord | undefined;
  #failure: StoreFailure | undefined;

  constructor(records: TaskRecords, record: TaskRecord) {
    this.taskId = record.taskId;
    this.round = record.state.round;
    this.#records = records;
    this.#known = record;
  }

  /** What went wrong in the store while the handler ran. */
  get failure(): StoreFailure | undefined {
    return this.#failure;
  }

  /** Lets an event of this run happen to the task; `replaceLast` also notes that the run has ended. */
  async note(
    event: TaskEvent,
    replaceLast?: TakenTask["replaceLast"],
  ): Promise<TaskRecord | undefined> {
    try {
      this.#known = await this.#records.change(this.taskId, event, this.#known, replaceLast);
      return this.#known;
    } catch (cause) {
      this.#known = undefined;
      this.#failure = new StoreFailure("the store failed a run of a task", { cause });
      throw this.#failure;
    }
  }

  async step(name: string, outcome: StepOutcome): Promise<StepOutcome> {
    const kept = ownCopy(outcome);
    const record = await this.note({ type: "step", name, outcome: kept });
    const counted = record?.state.memory.steps[name] ?? kept;
    // The handler goes on with its own, unless another run's was there first.
    return counted === kept ? outcome : ownCopy(counted);
  }

  async status(message: string): Promise<void> {
    await this.note({ type: "status", round: this.round, message });
  }

  /** It is a task already. */
  async startTask(): Promise<void> {}
}

/**
 * The event that an outcome is for the task.
 *
 * @spec ext-tasks/tasks#task-execution-errors
 */
export function eventOf(outcome: Outcome, round: number, host: ExtensionHost): TaskEvent {
  try {
    if ("error" in outcome) throw outcome.error;
    const { value } = outcome;
    if (value instanceof Questions) return askEvent(value, round);
    return { type: "complete", round, result: asJSON(value) };
  } catch (thrown) {
    const error = host.mask(thrown, "tasks");
    return { type: "fail", round, error: asJSON(error.toWire()) };
  }
}

function askEvent({ pending, memory }: Questions, round: number): TaskEvent {
  if (Object.keys(pending).length === 0) {
    throw new TypeError("inputRequired: a task needs inputRequests to wait for");
  }
  const { answers, steps, state } = memory;
  return copyOfJSON({ type: "ask", round, pending, memory: { answers, steps, state } });
}

/** The call as its task keeps it: what a run elsewhere needs, and nothing of the connection. */
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

/** Runs the handler of a task's tool once. */
export async function runCall(
  { taskId, state: { call, memory } }: TaskRecord,
  { host, stepLog, stop }: { host: ExtensionHost; stepLog: StepLog; stop: Stop },
): Promise<Outcome> {
  const tool = host.tool(call.name);
  if (tool === undefined) return { error: unknownTool(call.name) };
  const params = { name: call.name, arguments: ownCopy(call.arguments), _meta: call.meta };
  const request: JSONRPCRequest = { jsonrpc: "2.0", id: taskId, method: callTool.name, params };
  const meta = without(parseRequestMeta(params, modernVersions), "logLevel");
  const principal = (call.principal ?? undefined) as Principal | undefined;
  const context = new RunContext(stop, principal, meta);
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
 * What a handler may change without changing what is kept of its task: that is written down again
 * with the next change of the task.
 *
 * @throws {TypeError} for what JSON can't carry, which no store could keep
 */
function ownCopy<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  // Most often there is nothing in it, and a way through JSON costs ten times as much as a look.
  for (const _key in value) return copyOfJSON(value);
  return (Array.isArray(value) ? [] : {}) as T;
}

/** Most often the member is not there, and to leave it out would cost more than all else here. */
function without<T extends object, K extends keyof T>(object: T, name: K): Omit<T, K> {
  if (object[name] === undefined) return object;
  const { [name]: _left, ...rest } = object;
  return rest;
}

/** True for what a handler threw because its task was taken from it. */
export function isAbandoned(
  outcome: Outcome,
  stop: { readonly aborted: boolean; readonly reason?: unknown },
): boolean {
  if (!stop.aborted || !("error" in outcome)) return false;
  const { error } = outcome;
  if (isProtocolError(error)) return false;
  return error === stop.reason || (error instanceof Error && error.name === "AbortError");
}

/** Why the signal of a run aborts. */
export function cancelledError(): TransportError {
  return new TransportError("aborted", "the task was cancelled");
}

/**
 * Runs of tasks: by a worker that takes what is ordered, or by the request that a task came from.
 * A run is the tool's handler from its start, with the answers and steps of the runs before it.
 */
import { isProtocolError } from "../../protocol/errors.ts";
import type { Principal, RequestContext } from "../../protocol/exchange.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { parseRequestMeta } from "../../protocol/meta.ts";
import { callTool } from "../../protocol/tools.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { modernVersions } from "../../protocol/versioning.ts";
import type { ExtensionHost } from "../../server/extension.ts";
import type { Journal } from "../../server/journal.ts";
import { Unanswered } from "../../server/run-handler.ts";
import { unknownTool } from "../../server/tools.ts";
import type { TakenTask } from "../../stores/task-store.ts";
import type { TaskRecord, TaskRecords } from "./records.ts";
import type { TaskCall, TaskEvent } from "./state.ts";
import { RunContext, type Stop } from "./stop.ts";

/** How a run has ended, or that nothing may be noted of it. */
export type Outcome = { readonly value: Result | Unanswered } | { readonly error: unknown };

/** The store failed a run, which says nothing about its task: it is to be run again. */
export class StoreFailure extends Error {
  override readonly name: string = "StoreFailure";
}

/** One run of a task, and what this process knows of it. */
export class TaskRun {
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

  /** What the handler's context writes to. */
  get journal(): Journal {
    return {
      step: async (name, outcome) => {
        const record = await this.note({ type: "step", name, outcome });
        return record?.state.memory.steps[name] ?? outcome;
      },
      status: async (message) => {
        await this.note({ type: "status", round: this.round, message });
      },
      startTask: async () => {},
    };
  }
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
    if (value instanceof Unanswered) return askEvent(value, round);
    return { type: "complete", round, result: overJSON(value) };
  } catch (thrown) {
    const error = host.mask(thrown, "tasks");
    return { type: "fail", round, error: overJSON(error.toWire()) };
  }
}

function askEvent({ pending, memory }: Unanswered, round: number): TaskEvent {
  if (Object.keys(pending).length === 0) {
    throw new TypeError("inputRequired: a task needs inputRequests to wait for");
  }
  const { answers, steps, state } = memory;
  return overJSON({ type: "ask", round, pending, memory: { answers, steps, state } });
}

/** The call as its task keeps it: what a run elsewhere needs, and nothing of the connection. */
export function callOf(
  { params = {} }: JSONRPCRequest,
  { principal }: Pick<RequestContext, "principal">,
): TaskCall {
  const { progressToken: _token, ...meta } = params._meta as JSONObject;
  return overJSON({
    name: params.name as string,
    arguments: (params.arguments ?? {}) as JSONObject,
    meta,
    principal: principal ? { ...principal } : null,
  });
}

/** Runs the handler of a task's tool once. */
export async function runCall(
  { taskId, state: { call, memory } }: TaskRecord,
  { host, journal, stop }: { host: ExtensionHost; journal: Journal; stop: Stop },
): Promise<Outcome> {
  const tool = host.tool(call.name);
  if (tool === undefined) return { error: unknownTool(call.name) };
  const params = { name: call.name, arguments: call.arguments, _meta: call.meta };
  const request: JSONRPCRequest = { jsonrpc: "2.0", id: taskId, method: callTool.name, params };
  const { logLevel: _level, ...meta } = parseRequestMeta(params, modernVersions);
  const principal = (call.principal ?? undefined) as Principal | undefined;
  const context = new RunContext(stop, principal, meta);
  const { answers, steps, exchange, state } = memory;
  try {
    const known = { answers, steps, exchange, state };
    return { value: await tool.run({ request, context, memory: known, journal }) };
  } catch (error) {
    return { error };
  }
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

/** JSON and nothing else: what a store or a wire would make of it. */
function overJSON<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

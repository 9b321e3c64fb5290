/**
 * The state machine of a task, as pure functions. A state and an event lead to the next state. An event
 * that arrives too late, or twice, returns the same object.
 *
 * @spec ext-tasks/tasks#task-status
 */
import type { InputRequest, InputRequests, InputResponse } from "../../protocol/input-required.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { HistoryEntry } from "../../server/handler/history.ts";
import type { InputMemory, StepOutcome } from "../../server/handler/request-state.ts";
import type { RoundProgress } from "../../server/handler/step-log.ts";
import type { DetailedTask, TaskInfo, TaskStatus } from "./protocol.ts";
import { isTerminal } from "./protocol.ts";

/** The outcomes of earlier rounds that later rounds reuse, as JSON. */
interface TaskMemory {
  readonly answers: { readonly [name: string]: InputResponse };
  readonly steps: { readonly [name: string]: StepOutcome };
  /** The order of the operations so far. */
  readonly history?: readonly HistoryEntry[] | undefined;
  readonly state?: unknown;
  /** The base of the idempotency keys of steps. Not the task id, which is secret. */
  readonly exchange: string;
}

/** The call of the task. */
export interface TaskCall {
  readonly name: string;
  readonly arguments: JSONObject;
  /** The `_meta` of the request. Empty once the task has ended, like the arguments. */
  readonly meta: JSONObject;
  /** The caller; `null` if no transport has verified it. */
  readonly principal: JSONObject | null;
}

interface OpenInputRequest {
  /** The name that the handler gave it. */
  readonly name: string;
  readonly request: InputRequest;
}

/** All fields of a task except its id, version and expiry, as JSON. */
export interface TaskState {
  readonly status: TaskStatus;
  readonly statusMessage?: string | undefined;
  /** In milliseconds since 1970, like `lastUpdatedAt`. */
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
  readonly ttlMs: number | null;
  readonly pollIntervalMs: number;
  readonly call: TaskCall;
  readonly memory: TaskMemory;
  /** Number of the round. Grows with each set of answers; events of earlier rounds are ignored. */
  readonly round: number;
  /** Number of input requests so far, from which the next key is made. */
  readonly asked: number;
  /**
   * The open input requests, by the key that the client sees. Stored tasks have this member, so its name
   * does not change.
   */
  readonly questions: { readonly [key: string]: OpenInputRequest };
  readonly result?: JSONObject | undefined;
  readonly error?: JSONObject | undefined;
}

export type TaskEvent =
  /** Steps have ended, or sleeps have begun. */
  | ({ readonly type: "progress" } & RoundProgress)
  /** A handler has set the status message. */
  | { readonly type: "status"; readonly round: number; readonly message: string }
  /** A round has ended with input requests. */
  | {
      readonly type: "ask";
      readonly round: number;
      readonly pending: InputRequests;
      readonly memory: InputMemory;
    }
  /** A round has ended during a sleep. */
  | {
      readonly type: "sleep";
      readonly round: number;
      readonly memory: InputMemory;
      /** The time of the next round, in milliseconds since 1970. */
      readonly wakeAt: number;
    }
  /** The client has answered. The responses fit the requests of their keys. */
  | { readonly type: "answer"; readonly responses: { readonly [key: string]: InputResponse } }
  /** A round has ended with a result. */
  | { readonly type: "complete"; readonly round: number; readonly result: JSONObject }
  /** A round has ended with an error. */
  | { readonly type: "fail"; readonly round: number; readonly error: JSONObject }
  /** The client has cancelled the task. */
  | { readonly type: "cancel" };

export interface NewTask {
  readonly now: number;
  readonly ttlMs: number | null;
  readonly pollIntervalMs: number;
  readonly call: TaskCall;
  readonly memory: InputMemory;
  readonly exchange: string;
  readonly statusMessage?: string | undefined;
}

/** Returns the first state of a task. */
export function newTask(init: NewTask): TaskState {
  const { now, ttlMs, pollIntervalMs, call, statusMessage } = init;
  const { answers, steps, history, state, exchange = init.exchange } = init.memory;
  return {
    status: "working",
    statusMessage,
    createdAt: now,
    lastUpdatedAt: now,
    ttlMs,
    pollIntervalMs,
    call,
    memory: { answers, steps, history, state, exchange },
    round: 1,
    asked: 0,
    questions: {},
  };
}

/** Returns the state after `event`; the same object when nothing changes. */
export function transition(state: TaskState, event: TaskEvent, now: number): TaskState {
  if (isTerminal(state.status)) return state;
  // The effect of a step has happened, even if the step belongs to an earlier round.
  if (event.type === "progress") return withProgress(state, event);
  if ("round" in event && (event.round !== state.round || state.status !== "working")) return state;
  // Clients do not see that a task sleeps.
  if (event.type === "sleep") return { ...state, memory: memoryAfter(state, event.memory) };
  const lastUpdatedAt = Math.max(now, state.lastUpdatedAt);
  switch (event.type) {
    case "complete":
      return ended(state, { status: "completed", lastUpdatedAt, result: event.result });
    case "fail": {
      const { error } = event;
      const statusMessage = String(error.message);
      return ended(state, { status: "failed", lastUpdatedAt, error, statusMessage });
    }
    case "cancel":
      return ended(state, { status: "cancelled", lastUpdatedAt });
  }
  const next = apply(state, event);
  return next === state ? state : { ...next, lastUpdatedAt };
}

/** Applies an event that clients can see, and after which the task continues. */
function apply(
  state: TaskState,
  event: Extract<TaskEvent, { readonly type: "status" | "ask" | "answer" }>,
): TaskState {
  switch (event.type) {
    case "status":
      return { ...state, statusMessage: event.message };
    case "ask":
      return ask(state, event);
    case "answer":
      return answer(state, event.responses);
  }
}

/** Records outcomes of steps. The first outcome of a step takes precedence. */
function withProgress(state: TaskState, { steps, history }: RoundProgress): TaskState {
  const { memory } = state;
  const isNew = Object.keys(steps).some((name) => !Object.hasOwn(memory.steps, name));
  if (!isNew && history.length <= (memory.history?.length ?? 0)) return state;
  return { ...state, memory: { ...memory, steps: { ...steps, ...memory.steps }, history } };
}

/** Returns the memory after a round that has ended without a result. */
function memoryAfter({ memory }: TaskState, round: InputMemory): TaskMemory {
  return {
    ...memory,
    answers: { ...memory.answers, ...round.answers },
    steps: { ...round.steps, ...memory.steps },
    history: round.history,
    state: round.state,
  };
}

/**
 * Opens input requests. Each gets a new key, even if it is asked again under the same name.
 *
 * @spec ext-tasks/tasks#task-update-requests
 */
function ask(
  state: TaskState,
  { pending, memory }: { readonly pending: InputRequests; readonly memory: InputMemory },
): TaskState {
  const questions: Record<string, OpenInputRequest> = {};
  let { asked } = state;
  for (const [name, request] of Object.entries(pending)) {
    asked += 1;
    questions[`${name}-${asked}`] = { name, request };
  }
  const after = memoryAfter(state, memory);
  // An input request that is sent again loses its earlier answer.
  const isKept = ([name]: [string, unknown]) => !Object.hasOwn(pending, name);
  const answers = Object.fromEntries(Object.entries(after.answers).filter(isKept));
  return {
    ...state,
    status: "input_required",
    asked,
    questions,
    memory: { ...after, answers },
  };
}

/** Records answers and ignores keys that are not open. The last answer starts the next round. */
function answer(state: TaskState, responses: { readonly [key: string]: InputResponse }): TaskState {
  const answered = Object.keys(state.questions).filter((key) => Object.hasOwn(responses, key));
  if (answered.length === 0) return state;
  const left = Object.entries(state.questions).filter(([key]) => !answered.includes(key));
  const given = answered.map((key) => {
    const { name } = state.questions[key] as OpenInputRequest;
    return [name, responses[key] as InputResponse] as const;
  });
  const answers = Object.fromEntries([...Object.entries(state.memory.answers), ...given]);
  const next = {
    ...state,
    questions: Object.fromEntries(left),
    memory: { ...state.memory, answers },
  };
  return left.length > 0 ? next : { ...next, status: "working", round: state.round + 1 };
}

/**
 * Ends a task and drops the fields that only rounds need. Copies member by member, because spreading a
 * state that was parsed from JSON costs ten times as much.
 */
function ended(
  { createdAt, ttlMs, pollIntervalMs, call, memory, round, asked }: TaskState,
  end: Pick<TaskState, "status" | "lastUpdatedAt" | "statusMessage" | "result" | "error">,
): TaskState {
  const { name, principal } = call;
  return {
    status: end.status,
    statusMessage: end.statusMessage,
    createdAt,
    lastUpdatedAt: end.lastUpdatedAt,
    ttlMs,
    pollIntervalMs,
    call: { name, arguments: {}, meta: {}, principal },
    memory: { answers: {}, steps: {}, exchange: memory.exchange },
    round,
    asked,
    questions: {},
    result: end.result,
    error: end.error,
  };
}

/**
 * Returns the task as clients see it.
 *
 * @spec ext-tasks/tasks#response
 */
export function detailedTask(taskId: string, state: TaskState): DetailedTask {
  const info = taskInfo(taskId, state);
  const { status, questions, result, error } = state;
  if (status === "input_required") {
    const open = Object.entries(questions).map(([key, { request }]) => [key, request] as const);
    return { ...info, status, inputRequests: Object.fromEntries(open) };
  }
  if (status === "completed") return { ...info, status, result: result ?? {} };
  if (status !== "failed") return { ...info, status };
  return { ...info, status, error: error as { readonly code: number; readonly message: string } };
}

/** Returns the fields that all views of a task share. */
export function taskInfo(
  taskId: string,
  state: TaskState,
): TaskInfo & { readonly status: TaskStatus } {
  const { status, statusMessage, createdAt, lastUpdatedAt, ttlMs, pollIntervalMs } = state;
  return {
    taskId,
    status,
    ...(statusMessage !== undefined && { statusMessage }),
    createdAt: timestamp(createdAt),
    lastUpdatedAt: timestamp(lastUpdatedAt),
    ttlMs,
    pollIntervalMs,
  };
}

/** The last timestamp. It is kept because both timestamps of a new task are equal. */
let last = { ms: 0, text: new Date(0).toISOString() };

function timestamp(ms: number): string {
  if (ms !== last.ms) last = { ms, text: new Date(ms).toISOString() };
  return last.text;
}

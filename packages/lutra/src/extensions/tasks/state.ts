/**
 * The life of a task as pure functions: a state and an event give the next state. An event that
 * comes too late, or twice, gives the very same state back.
 *
 * @spec ext-tasks/tasks#task-status
 */
import type { InputRequest, InputRequests, InputResponse } from "../../protocol/input-required.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { InputMemory, StepOutcome } from "../../server/handler/request-state.ts";
import type { DetailedTask, TaskInfo, TaskStatus } from "./protocol.ts";
import { isTerminal } from "./protocol.ts";

/** What a run after this one is to know, as JSON. */
export interface TaskMemory {
  readonly answers: { readonly [name: string]: InputResponse };
  readonly steps: { readonly [name: string]: StepOutcome };
  readonly state?: unknown;
  /** What the idempotency keys of the steps are made from. Not the id, which is a secret. */
  readonly exchange: string;
}

/** The call that the task is about. */
export interface TaskCall {
  readonly name: string;
  readonly arguments: JSONObject;
  /** The `_meta` of the request that created the task; as the arguments, empty once it has ended. */
  readonly meta: JSONObject;
  /** Who sent it; `null` for nobody whom a transport has verified. */
  readonly principal: JSONObject | null;
}

interface OpenQuestion {
  /** How the handler calls it. */
  readonly name: string;
  readonly request: InputRequest;
}

/** Everything about a task but its id and its expiry: JSON. */
export interface TaskState {
  readonly status: TaskStatus;
  readonly statusMessage?: string | undefined;
  /** In milliseconds since 1970, as `lastUpdatedAt`. */
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
  readonly ttlMs: number | null;
  readonly pollIntervalMs: number;
  readonly call: TaskCall;
  readonly memory: TaskMemory;
  /** How often the task went on after questions. What a run of an earlier round says is too late. */
  readonly round: number;
  /** How many questions have been asked; the next key is made from it. */
  readonly asked: number;
  /** By the key that the client knows. */
  readonly questions: { readonly [key: string]: OpenQuestion };
  readonly result?: JSONObject | undefined;
  readonly error?: JSONObject | undefined;
}

export type TaskEvent =
  /** A run has finished a step. */
  | { readonly type: "step"; readonly name: string; readonly outcome: StepOutcome }
  /** A run says how far it is. */
  | { readonly type: "status"; readonly round: number; readonly message: string }
  /** A run has ended with questions. */
  | {
      readonly type: "ask";
      readonly round: number;
      readonly pending: InputRequests;
      readonly memory: InputMemory;
    }
  /** The client has answered; responses fit the requests of their keys. */
  | { readonly type: "answer"; readonly responses: { readonly [key: string]: InputResponse } }
  /** A run has ended with a result. */
  | { readonly type: "complete"; readonly round: number; readonly result: JSONObject }
  /** A run has ended with an error. */
  | { readonly type: "fail"; readonly round: number; readonly error: JSONObject }
  /** The client no longer wants it. */
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

/** The first state of a task. */
export function newTask(init: NewTask): TaskState {
  const { now, ttlMs, pollIntervalMs, call, statusMessage } = init;
  const { answers, steps, state, exchange = init.exchange } = init.memory;
  return {
    status: "working",
    statusMessage,
    createdAt: now,
    lastUpdatedAt: now,
    ttlMs,
    pollIntervalMs,
    call,
    memory: { answers, steps, state, exchange },
    round: 1,
    asked: 0,
    questions: {},
  };
}

/** What becomes of `state` by `event`: the same object where nothing does. */
export function transition(state: TaskState, event: TaskEvent, now: number): TaskState {
  if (isTerminal(state.status)) return state;
  // A step's effect has happened, whichever run it was of.
  if (event.type === "step") return withStep(state, event);
  if ("round" in event && (event.round !== state.round || state.status !== "working")) return state;
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

/** What becomes of a task that goes on. */
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

/** The first outcome of a step is the one that counts. */
function withStep(
  state: TaskState,
  { name, outcome }: { readonly name: string; readonly outcome: StepOutcome },
): TaskState {
  const { memory } = state;
  if (Object.hasOwn(memory.steps, name)) return state;
  // A computed name is a member of its own, also where it is that of the prototype.
  return { ...state, memory: { ...memory, steps: { ...memory.steps, [name]: outcome } } };
}

/**
 * Every question gets a key of its own, also one that is asked once more under the same name.
 *
 * @spec ext-tasks/tasks#task-update-requests
 */
function ask(
  state: TaskState,
  { pending, memory }: { readonly pending: InputRequests; readonly memory: InputMemory },
): TaskState {
  const questions: Record<string, OpenQuestion> = {};
  let { asked } = state;
  for (const [name, request] of Object.entries(pending)) {
    asked += 1;
    questions[`${name}-${asked}`] = { name, request };
  }
  // What is asked once more has lost its earlier answer.
  const isKept = ([name]: [string, unknown]) => !Object.hasOwn(pending, name);
  const answers = Object.entries({ ...state.memory.answers, ...memory.answers }).filter(isKept);
  return {
    ...state,
    status: "input_required",
    asked,
    questions,
    memory: {
      ...state.memory,
      answers: Object.fromEntries(answers),
      steps: { ...memory.steps, ...state.memory.steps },
      state: memory.state,
    },
  };
}

/** Keys that are not open are ignored; the last answer lets the task go on. */
function answer(state: TaskState, responses: { readonly [key: string]: InputResponse }): TaskState {
  const answered = Object.keys(state.questions).filter((key) => Object.hasOwn(responses, key));
  if (answered.length === 0) return state;
  const left = Object.entries(state.questions).filter(([key]) => !answered.includes(key));
  const given = answered.map((key) => {
    const { name } = state.questions[key] as OpenQuestion;
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
 * Nothing of what only a run needs is kept any longer. Member by member: the spread of a state that
 * was read from JSON costs ten times as much.
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
 * The task as the client sees it.
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

/** What all views of a task have in common. */
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

/** The last one that was written: a new task has two that are the same, and so have its neighbours. */
let last = { ms: 0, text: new Date(0).toISOString() };

function timestamp(ms: number): string {
  if (ms !== last.ms) last = { ms, text: new Date(ms).toISOString() };
  return last.text;
}

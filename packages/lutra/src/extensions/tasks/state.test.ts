/** The state machine of tasks, over random orders of events. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  accept,
  answer,
  ask,
  cancel,
  emptyMemory,
  fail,
  progress,
  randomEvents,
  request,
} from "./fixtures/random-events.ts";
import { isTerminal } from "./protocol.ts";
import { detailedTask, newTask, type TaskEvent, type TaskState, transition } from "./state.ts";

const call = { name: "t", arguments: { secret: 1 }, meta: {}, principal: null };

function created(): TaskState {
  return newTask({
    now: 0,
    ttlMs: 1000,
    pollIntervalMs: 10,
    call,
    memory: emptyMemory,
    exchange: "e",
  });
}

/** A state after these events, a millisecond apart. */
function after(...events: TaskEvent[]): TaskState {
  return events.reduce((state, event, index) => transition(state, event, index + 1), created());
}

const complete = (round: number): TaskEvent => ({ type: "complete", round, result: { r: round } });
describe("ext-tasks/tasks#task-status", () => {
  it("begins with working, and returns to it after input_required", () => {
    expect(after().status).toBe("working");
    expect(after(ask(1, "a")).status).toBe("input_required");
    expect(after(ask(1, "a"), answer("a-1"))).toMatchObject({ status: "working", round: 2 });
  });

  it.each([
    ["completed", complete(1)],
    ["failed", fail],
    ["cancelled", cancel],
  ] as const)("%s is terminal: nothing follows", (status, event) => {
    const state = after(event);
    expect(state.status).toBe(status);
    const step = progress({ s: [1] });
    for (const late of [complete(1), fail, cancel, ask(1, "a"), answer("a-1"), step]) {
      expect(transition(state, late, 9)).toBe(state);
    }
  });

  it("drops arguments, answers and steps when a task ends", () => {
    const state = after(progress({ s: ["secret"] }), complete(1));
    expect(JSON.stringify(state)).not.toContain("secret");
  });

  it("ignores events of earlier rounds, except steps", () => {
    const state = after(ask(1, "a"), answer("a-1"));
    for (const late of [complete(1), fail, ask(1, "a")])
      expect(transition(state, late, 9)).toBe(state);
    const step = progress({ s: [1] });
    expect(transition(state, step, 9).memory.steps).toEqual({ s: [1] });
  });

  it("keeps the first outcome of a step", () => {
    expect(after(progress({ s: [1] }), progress({ s: [2] }, 2)).memory.steps).toEqual({ s: [1] });
  });

  it("shows a status message, and changes lastUpdatedAt", () => {
    const status: TaskEvent = { type: "status", round: 1, message: "half" };
    expect(after(status)).toMatchObject({ statusMessage: "half", lastUpdatedAt: 1 });
    expect(after(status, complete(1)).statusMessage).toBeUndefined();
  });
});

describe("ext-tasks/tasks#task-update-requests", () => {
  it("a key MUST NOT be used twice, even if a question is asked again", () => {
    const state = after(ask(1, "a"), answer("a-1"), ask(2, "a"));
    expect(Object.keys(state.questions)).toEqual(["a-2"]);
    expect(state.memory.answers).toEqual({});
  });

  it("a partial set of answers MAY be accepted; the task waits for the rest", () => {
    const partly = after(ask(1, "a", "b"), answer("a-1"));
    expect(partly.status).toBe("input_required");
    expect(Object.keys(partly.questions)).toEqual(["b-2"]);
    const all = transition(partly, answer("b-2"), 9);
    expect(all).toMatchObject({ status: "working", memory: { answers: { a: accept, b: accept } } });
  });

  it("keys that are unknown, answered or superseded SHOULD be ignored", () => {
    const state = after(ask(1, "a", "b"), answer("a-1"));
    expect(transition(state, answer("a-1", "c-3", "__proto__"), 9)).toBe(state);
  });

  it.each(["__proto__", "constructor", "toString"])(
    "accepts %s as the name of a question",
    (name) => {
      const state = after(
        { ...ask(1), pending: Object.fromEntries([[name, request("x")]]) } as TaskEvent,
        answer(`${name}-1`),
      );
      expect(Object.keys(state.memory.answers)).toEqual([name]);
    },
  );
});

const legal: { readonly [from: string]: readonly string[] } = {
  working: ["working", "input_required", "completed", "failed", "cancelled"],
  // A run of the same round may not end a task that waits; only answers and the client move it.
  input_required: ["input_required", "working", "cancelled"],
};

it("makes only legal transitions, uses keys once and loses no answer, for any order of events", () => {
  fc.assert(
    fc.property(fc.array(randomEvents, { maxLength: 30 }), (order) => {
      let state = created();
      const used = new Map<string, string>();
      for (const [index, event] of order.entries()) {
        const next = transition(state, event, index);
        check(state, next, event);
        for (const [key, { name }] of Object.entries(next.questions)) {
          if (Object.hasOwn(state.questions, key)) continue;
          expect(used.has(key)).toBe(false);
          used.set(key, name);
        }
        state = next;
      }
    }),
    { numRuns: 2000 },
  );
});

function check(before: TaskState, next: TaskState, event: TaskEvent): void {
  if (isTerminal(before.status)) {
    expect(next).toBe(before);
    return;
  }
  expect(legal[before.status]).toContain(next.status);
  expect(next.lastUpdatedAt).toBeGreaterThanOrEqual(before.lastUpdatedAt);
  expect(next.asked).toBeGreaterThanOrEqual(before.asked);
  expect(next.status === "input_required").toBe(Object.keys(next.questions).length > 0);
  const view = detailedTask("id", next);
  expect("result" in view).toBe(view.status === "completed");
  expect("error" in view).toBe(view.status === "failed");
  expect("inputRequests" in view).toBe(view.status === "input_required");
  if (isTerminal(next.status)) return;
  const askedAgain = event.type === "ask" && next !== before ? Object.keys(event.pending) : [];
  for (const [name, given] of Object.entries(before.memory.answers)) {
    if (!askedAgain.includes(name)) expect(next.memory.answers[name]).toEqual(given);
  }
  if (event.type === "answer") {
    for (const [key, { name }] of Object.entries(before.questions)) {
      if (Object.hasOwn(event.responses, key))
        expect(Object.keys(next.memory.answers)).toContain(name);
    }
  }
  for (const name of Object.keys(before.memory.steps)) {
    expect(next.memory.steps[name]).toEqual(before.memory.steps[name]);
  }
}

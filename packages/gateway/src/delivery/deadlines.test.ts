import { expect, it } from "vitest";
import { createManualTime } from "../replicas/fixtures/manual-time.ts";
import { Deadlines, type Timed } from "./deadlines.ts";

function start(shortestMs = 100) {
  const time = createManualTime();
  const deadlines = new Deadlines(shortestMs, time);
  const due: string[] = [];
  const timed = (name: string, ms: number): Timed => {
    const dueAt = Number.POSITIVE_INFINITY;
    const one: Timed = { dueAt, watched: undefined, onDue: () => due.push(name) };
    deadlines.add(one);
    one.dueAt = deadlines.in(ms);
    return one;
  };
  return { time, deadlines, due, timed };
}

it("calls back after the deadline, at most two ticks late", () => {
  const { time, deadlines, due, timed } = start();
  timed("a", 100);
  time.advance(99);
  expect(due).toEqual([]);
  time.advance(1 + 2 * deadlines.tickMs);
  expect(due).toEqual(["a"]);
});

it("calls back once, however long the exchange goes on after its deadline", () => {
  const { time, deadlines, due, timed } = start();
  const a = timed("a", 100);
  time.advance(100 + 20 * deadlines.tickMs);
  expect(due).toEqual(["a"]);
  expect(time.waiting()).toBe(0);
  deadlines.delete(a);
});

it("moves a deadline when `dueAt` is changed", () => {
  const { time, deadlines, due, timed } = start();
  const a = timed("a", 100);
  time.advance(90);
  a.dueAt = deadlines.in(100);
  time.advance(100);
  expect(due).toEqual([]);
  time.advance(50);
  expect(due).toEqual(["a"]);
});

it("does not call back an exchange that was removed", () => {
  const { time, deadlines, due, timed } = start();
  deadlines.delete(timed("a", 100));
  time.advance(1000);
  expect(due).toEqual([]);
});

it("has one timer while exchanges are watched, and none otherwise", () => {
  const { time, deadlines, timed } = start();
  expect(time.waiting()).toBe(0);
  const all = [timed("a", 1000), timed("b", 1000)];
  expect(time.waiting()).toBe(1);
  for (const one of all) deadlines.delete(one);
  time.advance(deadlines.tickMs);
  expect(time.waiting()).toBe(0);
});

it("counts from the present when it restarts after a pause", () => {
  const { time, deadlines, due, timed } = start();
  deadlines.delete(timed("a", 100));
  time.advance(100_000);
  timed("b", 100);
  time.advance(99);
  expect(due).toEqual([]);
});

it("watches an exchange once, also if it is added twice", () => {
  const { time, deadlines, due, timed } = start();
  const a = timed("a", 100);
  deadlines.add(a);
  deadlines.delete(a);
  time.advance(1000);
  expect(due).toEqual([]);
  expect(time.waiting()).toBe(0);
});

import { describe, expect, it } from "vitest";
import { createManualTime } from "../replicas/fixtures/manual-time.ts";
import { Gate, type Waiter } from "./gate.ts";

function start(config = { max: 2, queue: 2, queueMs: 1000 }) {
  const time = createManualTime();
  const gate = new Gate(config, time);
  const events: string[] = [];
  const waiter = (name: string): Waiter => ({
    queued: undefined,
    onTurn: () => events.push(`${name} admitted`),
    onTimeout: () => events.push(`${name} timed out`),
  });
  return { time, gate, events, waiter };
}

describe("a gate", () => {
  it("admits requests while slots are free, then queues them, then refuses them", () => {
    const { gate, waiter } = start();
    const entries = ["a", "b", "c", "d", "e"].map((name) => gate.enter(waiter(name)));
    expect(entries).toEqual(["entered", "entered", "waiting", "waiting", "full"]);
    expect([gate.inUse, gate.queued]).toEqual([2, 2]);
  });

  it("refuses requests at once if the queue size is 0", () => {
    const { gate, waiter } = start({ max: 1, queue: 0, queueMs: 1000 });
    expect([gate.enter(waiter("a")), gate.enter(waiter("b"))]).toEqual(["entered", "full"]);
  });

  it("admits queued requests in order of arrival", () => {
    const { gate, events, waiter } = start();
    for (const name of ["a", "b", "c", "d"]) gate.enter(waiter(name));
    gate.leave();
    gate.leave();
    expect(events).toEqual(["c admitted", "d admitted"]);
    expect([gate.inUse, gate.queued]).toEqual([2, 0]);
  });

  it("does not admit a new request before the queued requests", () => {
    const { gate, events, waiter } = start({ max: 1, queue: 2, queueMs: 1000 });
    gate.enter(waiter("a"));
    const newcomer = waiter("c");
    let entry = "";
    gate.enter({
      queued: undefined,
      onTurn: () => {
        events.push("b admitted");
        entry = gate.enter(newcomer);
      },
      onTimeout: () => {},
    });
    gate.leave();
    expect([events, entry]).toEqual([["b admitted"], "waiting"]);
  });

  it("removes a request at once when it abandons the queue", () => {
    const { gate, events, waiter, time } = start();
    const c = waiter("c");
    for (const one of [waiter("a"), waiter("b"), c, waiter("d")]) gate.enter(one);
    gate.abandon(c);
    expect(gate.queued).toBe(1);
    gate.leave();
    expect(events).toEqual(["d admitted"]);
    expect(time.waiting()).toBe(0);
  });

  it("times out each request once it has been queued for queueMs", () => {
    const { gate, events, waiter, time } = start();
    for (const name of ["a", "b", "c"]) gate.enter(waiter(name));
    time.advance(600);
    gate.enter(waiter("d"));
    time.advance(400);
    expect(events).toEqual(["c timed out"]);
    time.advance(599);
    expect(events).toEqual(["c timed out"]);
    time.advance(1);
    expect(events).toEqual(["c timed out", "d timed out"]);
    expect([gate.queued, time.waiting()]).toEqual([0, 0]);
  });

  it("does not nest calls when admitted requests leave at once", () => {
    const { gate } = start({ max: 1, queue: 100_000, queueMs: 1000 });
    let turns = 0;
    gate.enter({ queued: undefined, onTurn: () => {}, onTimeout: () => {} });
    for (let count = 0; count < 50_000; count += 1) {
      gate.enter({
        queued: undefined,
        onTurn: () => {
          turns += 1;
          gate.leave();
        },
        onTimeout: () => {},
      });
    }
    gate.leave();
    expect([turns, gate.inUse, gate.queued]).toEqual([50_000, 0, 0]);
  });
});

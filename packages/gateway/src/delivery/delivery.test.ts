import { defineMethod, type Method, type ProtocolError, TransportError } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { headOf } from "../fixtures/head-of.ts";
import { createManualTime } from "../replicas/fixtures/manual-time.ts";
import { type Carrier, Delivery } from "./delivery.ts";
import { createRecord, upstreamConfig } from "./fixtures/front.ts";
import { Fleet, type Recipient } from "./fleet.ts";

const broken = () => new TransportError("closed", "broken");
const refused = () => Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
const annotations = new Map([
  ["read", { readOnlyHint: true }],
  ["set", { idempotentHint: true }],
  ["pay", { readOnlyHint: false }],
]);
const ownMethod: Pick<Method, "params" | "result"> = {
  params: (params) => params,
  result: (result) => result,
};
const methods = [
  defineMethod({ name: "x/safe", ...ownMethod, safe: true }),
  defineMethod({ name: "x/open", ...ownMethod, longLived: true }),
];

/** A fleet of replicas, and a carrier that only records its calls. */
function start(
  settings: { readonly [name: string]: unknown } = {},
  names: readonly string[] = ["a", "b", "c"],
) {
  const time = createManualTime();
  const events: string[] = [];
  const all = names.map((name): Recipient => {
    const succeed = () => void events.push(`${name} succeeds`);
    return {
      name,
      inFlight: 0,
      ownSubscriptions: 0,
      health: { succeed, fail: () => void events.push(`${name} fails`) },
    };
  });
  const fleet = new Fleet<Recipient>({
    name: "test",
    config: upstreamConfig([], settings),
    clock: time,
    methods,
    annotations: (tool) => annotations.get(tool),
    replicas: {
      all,
      pick: (tried) => all.find((replica) => !tried.includes(replica)),
      failConnect: ({ name }) => void events.push(`${name} unreachable`),
    },
  });
  const deliver = (method = "tools/list", name?: string, rewind = () => true) => {
    const record = createRecord(headOf());
    const failures: ProtocolError[] = [];
    const carrier: Carrier<Recipient> = {
      send: (replica) => void events.push(`to ${replica.name}`),
      rewind,
      abort: () => void events.push("abort"),
      fail: (error) => void failures.push(error),
    };
    const delivery = new Delivery(carrier, fleet, { method, name, record });
    delivery.start();
    /** Ends the exchange with the replica, by default after the request was sent. */
    const fail = (error: Error, connects = true) => {
      if (connects) delivery.connected();
      delivery.released();
      delivery.failed(error);
    };
    return { delivery, record, failures, fail };
  };
  return { time, events, fleet, deliver };
}

describe("a delivery", () => {
  it("records the replica that answered, and counts the exchange while it is in flight", () => {
    const { deliver, events, fleet } = start();
    const { delivery, record } = deliver();
    expect([fleet.inFlight, fleet.gate.inUse, delivery.stage]).toEqual([1, 1, "connecting"]);
    delivery.connected();
    expect(delivery.stage).toBe("sent");
    delivery.answered();
    expect(delivery.stage).toBe("answering");
    delivery.released();
    delivery.done();
    expect([fleet.inFlight, fleet.gate.inUse, delivery.stage]).toEqual([0, 0, "ended"]);
    expect(events).toEqual(["to a", "a succeeds"]);
    expect(record).toMatchObject({ upstream: "test", replica: "a", attempts: 1 });
    expect(record.reason).toBeUndefined();
  });

  it("tries another replica for any request of which nothing was sent", () => {
    const { deliver, events } = start();
    const { fail, record, failures } = deliver("tools/call", "pay");
    for (let attempt = 0; attempt < 3; attempt += 1) fail(refused(), false);
    expect(events).toEqual([
      "to a",
      "a unreachable",
      "to b",
      "b unreachable",
      "to c",
      "c unreachable",
    ]);
    expect(record).toMatchObject({ reason: "unreachable", attempts: 3, replica: "c" });
    expect(failures).toMatchObject([{ kind: "unreachable", status: 502 }]);
  });

  it("counts no failure for a removed replica or for a malformed request", () => {
    const { deliver, events } = start();
    deliver().fail(Object.assign(new Error(), { code: "UND_ERR_CLOSED" }), false);
    const { fail, failures, record } = deliver();
    fail(Object.assign(new Error(), { code: "UND_ERR_INVALID_ARG" }), false);
    expect(events).toEqual(["to a", "to b", "to a"]);
    expect(failures).toMatchObject([{ reason: "invalidRequest" }]);
    expect(record.reason).toBe("malformed-request");
  });

  it.each(["EMFILE", "ENFILE"])(
    "is refused with 503 if no file descriptor is free (%s), without a failure of the replica",
    (code) => {
      const { deliver, events } = start();
      const { fail, failures, record } = deliver();
      const error = Object.assign(new Error(`connect ${code}`), { code });
      fail(new TransportError("closed", "failed", { cause: error }), false);
      expect(events).toEqual(["to a"]);
      expect(failures).toMatchObject([{ status: 503, retryAfterMs: 1000 }]);
      expect(record).toMatchObject({ reason: "file-limit", attempts: 1 });
    },
  );

  it("retries the only replica, up to the configured number of attempts", () => {
    const { deliver, events } = start({ retries: { attempts: 3 } }, ["a"]);
    const { fail, record } = deliver();
    for (let attempt = 0; attempt < 3; attempt += 1) fail(broken());
    expect(events).toEqual(["to a", "a fails", "to a", "a fails", "to a", "a fails"]);
    expect(record).toMatchObject({ reason: "broken", attempts: 3 });
  });

  it("moves to another replica when its own no longer answers, if it may run twice", () => {
    const { deliver, events, fleet } = start();
    const [safe, unsafe] = [deliver(), deliver("tools/call", "pay")];
    const [elsewhere] = fleet.replicas.all.slice(1);
    for (const { delivery } of [safe, unsafe]) delivery.connected();
    fleet.silent(elsewhere as Recipient, true);
    expect(events.splice(0)).toEqual(["to a", "to a"]);
    fleet.silent(fleet.replicas.all[0] as Recipient, false);
    expect(safe.delivery.stage).toBe("moving");
    safe.fail(broken(), false);
    expect(events).toEqual(["abort", "to b"]);
    expect([safe.delivery.stage, unsafe.delivery.stage]).toEqual(["connecting", "sent"]);
    expect(fleet.inFlight).toBe(2);
  });

  it.each(["sent", "answering"] as const)(
    "fails with 504 while %s, once the silence of its replica is confirmed",
    (stage) => {
      const { deliver, events, fleet } = start();
      const { delivery, failures, record } = deliver("tools/call", "pay");
      delivery.connected();
      if (stage === "answering") delivery.answered();
      const [replica] = fleet.replicas.all;
      fleet.silent(replica as Recipient, false);
      expect(failures).toEqual([]);
      fleet.silent(replica as Recipient, true);
      expect(failures).toMatchObject([
        { status: 504, message: expect.stringContaining("may have been executed") },
      ]);
      expect(events.at(-1)).toBe("abort");
      expect([record.reason, fleet.gate.inUse]).toEqual(["silent", 0]);
    },
  );

  it("fails when its only replica no longer answers, also if it may run twice", () => {
    const { deliver, fleet } = start({}, ["a"]);
    const { delivery, failures } = deliver();
    delivery.connected();
    fleet.silent(fleet.replicas.all[0] as Recipient, true);
    expect(failures).toMatchObject([{ status: 504 }]);
  });

  it("is not retried if its carrier cannot rewind or its answer has begun", () => {
    const { deliver } = start();
    const first = deliver("tools/list", undefined, () => false);
    first.fail(broken());
    const second = deliver();
    second.delivery.connected();
    second.delivery.answered();
    second.fail(broken(), false);
    expect([first, second].map(({ record }) => record)).toMatchObject([
      { reason: "broken", attempts: 1 },
      { reason: "broken", attempts: 1 },
    ]);
  });

  it("fails for a malformed answer, without counting a failure of the replica", () => {
    const { deliver, events } = start();
    const { delivery, failures, fail } = deliver();
    delivery.connected();
    delivery.answered();
    fail(new TransportError("malformed", "no JSON"), false);
    expect(failures).toMatchObject([{ kind: "malformed" }]);
    expect(events).toEqual(["to a", "a succeeds"]);
  });

  it("needs no slot and has no total time limit if its response stays open", () => {
    const { deliver, fleet, time } = start({ timeouts: { totalMs: 1000, idleMs: 1000 } });
    const { delivery, failures } = deliver("x/open");
    delivery.connected();
    delivery.answered();
    time.advance(1_000_000);
    expect([fleet.gate.inUse, fleet.inFlight, failures.length]).toEqual([0, 1, 0]);
  });
});

describe("a delivery", () => {
  it.each([
    ["first-byte", { firstByteMs: 1000 }, ["to a", "a fails", "abort"]],
    ["total", { totalMs: 1000 }, ["to a", "abort"]],
  ])("fails after the time limit %s", (phase, timeouts, expected) => {
    const { deliver, events, fleet, time } = start({ timeouts });
    const { delivery, record, failures } = deliver();
    delivery.connected();
    time.advance(1500);
    expect(record.reason).toBe(`${phase}-timeout`);
    expect(failures).toMatchObject([{ kind: "timeout", status: 504 }]);
    expect(events).toEqual(expected);
    expect(fleet.gate.inUse).toBe(0);
  });

  it("ends at once when the client cancels, and ignores later reports", () => {
    const { deliver, events, fleet } = start();
    const { delivery, failures, fail } = deliver();
    expect(delivery.cancel(broken())).toBe(true);
    expect(delivery.cancel(broken())).toBe(false);
    expect(delivery.connected()).toBe(false);
    delivery.answered();
    fail(broken());
    expect([fleet.inFlight, fleet.gate.inUse, failures]).toEqual([0, 0, []]);
    expect(events).toEqual(["to a", "abort"]);
  });

  it("fails if it waits too long in the queue, or if the queue is full", () => {
    const { deliver, fleet, time } = start({ concurrency: { max: 1, queue: 1, queueMs: 100 } });
    deliver();
    const [second, third] = [deliver(), deliver()];
    expect(third.failures).toMatchObject([{ status: 503, retryAfterMs: 1000 }]);
    time.advance(100);
    expect(second.failures).toMatchObject([{ status: 503, retryAfterMs: 1000 }]);
    expect([second, third].map(({ record }) => record.reason)).toEqual(["queue", "queue"]);
    expect(fleet.gate.queued).toBe(0);
  });

  it("fails if no replica is ready, or if the upstream is closed", () => {
    const empty = start({}, []);
    const closed = start();
    void closed.fleet.close(0);
    for (const { deliver } of [empty, closed]) {
      const { record, failures } = deliver();
      expect(record).toMatchObject({ reason: "not-ready", attempts: 0 });
      expect(failures).toMatchObject([{ status: 503, data: { upstream: "test" } }]);
    }
  });
});

describe("a request whose connection breaks", () => {
  it.each([
    ["server/discover", undefined, 3],
    ["tools/list", undefined, 3],
    ["resources/read", "file:///a", 3],
    ["prompts/get", "a", 3],
    ["x/safe", undefined, 3],
    ["x/open", undefined, 1],
    ["com.example/unknown", "a", 1],
    ["tools/call", "read", 3],
    ["tools/call", "set", 3],
    ["tools/call", "pay", 1],
    ["tools/call", "unlisted", 1],
    ["tools/call", undefined, 1],
  ])("%s of %s, with trusted annotations, has %i attempts", (method, name, attempts) => {
    const { deliver } = start({ retries: { trustAnnotations: true } });
    const { delivery, fail, record } = deliver(method, name);
    while (delivery.stage !== "ended") fail(broken());
    expect(record.attempts).toBe(attempts);
  });

  it("is not retried for a tool without trusted annotations", () => {
    const { deliver } = start();
    const { fail, record } = deliver("tools/call", "read");
    fail(broken());
    expect(record).toMatchObject({ reason: "broken", attempts: 1 });
  });
});

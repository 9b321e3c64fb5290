import { expect, it } from "vitest";
import { createManualTime } from "./fixtures/manual-time.ts";
import { startChecks } from "./health-checks.ts";
import { Replica } from "./replica.ts";
import { ReplicaHealth } from "./replica-health.ts";

/** A replica whose checks a test settles one at a time. */
function start(random: readonly number[] = []) {
  const time = createManualTime(random);
  const config = { failures: 2, ejectMs: 1000, maxEjectMs: 4000, slowStartMs: 0 };
  const health = new ReplicaHealth({ config, now: time.now, onChange: () => {} });
  const replica = new Replica({ name: "1", url: new URL("http://127.0.0.1:9") }, health, 1000);
  const inFlight: { pass: () => void; fail: (error: Error) => void; signal: AbortSignal }[] = [];
  let begun = 0;
  const checks = startChecks(replica, {
    config: { intervalMs: 10_000, timeoutMs: 500 },
    clock: time,
    sendCheck: (_replica, signal) =>
      new Promise((resolve, reject) => {
        begun += 1;
        inFlight.push({ pass: resolve, fail: reject, signal });
        signal.addEventListener("abort", () => reject(new Error("aborted")));
      }),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const end = async (error?: Error) => {
    const check = inFlight.shift();
    if (error) check?.fail(error);
    else check?.pass();
    await settle();
  };
  return { time, health, checks, begun: () => begun, end, inFlight, settle };
}

it("checks at once, then at intervals that vary by a fifth", async () => {
  const { time, begun, end } = start([0, 0.999]);
  time.advance(0);
  expect(begun()).toBe(1);
  await end();
  time.advance(7999);
  expect(begun()).toBe(1);
  time.advance(1);
  expect(begun()).toBe(2);
  await end();
  time.advance(11_900);
  expect(begun()).toBe(2);
  time.advance(100);
  expect(begun()).toBe(3);
});

it("does not start a check before the previous one has ended", async () => {
  const { time, begun } = start();
  time.advance(0);
  time.advance(400);
  expect(begun()).toBe(1);
});

it("fails a check that takes too long", async () => {
  const { time, health, settle } = start();
  time.advance(500);
  await settle();
  expect([health.failures, health.lastError]).toEqual([1, "aborted"]);
});

it("records the innermost cause", async () => {
  const { time, health, end } = start();
  time.advance(0);
  await end(new Error("failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:9") }));
  expect(health.lastError).toBe("connect ECONNREFUSED 127.0.0.1:9");
});

it("checks a replica more often until its first answer", async () => {
  const { time, begun, end } = start();
  time.advance(0);
  await end(new Error("refused"));
  time.advance(250);
  expect(begun()).toBe(2);
});

it("checks an ejected replica at the end of its ejection", async () => {
  const { time, health, begun, end } = start();
  time.advance(0);
  await end();
  health.fail("broken");
  health.fail("broken");
  time.advance(8000);
  expect([health.state, begun()]).toEqual(["out", 2]);
  await end(new Error("refused"));
  time.advance(1999);
  expect(begun()).toBe(2);
  time.advance(1);
  expect(begun()).toBe(3);
  await end();
  expect(health.state).toBe("up");
});

it("reschedules the check of a replica that a request ejected", async () => {
  const { time, health, checks, begun, end } = start();
  time.advance(0);
  await end();
  health.fail("broken");
  health.fail("broken");
  checks.reschedule();
  time.advance(999);
  expect(begun()).toBe(1);
  time.advance(1);
  expect(begun()).toBe(2);
});

it("ignores an answer to a check that is older than the ejection", async () => {
  const { time, health, checks, end } = start();
  time.advance(0);
  await end();
  time.advance(8000);
  health.fail("broken");
  health.fail("broken");
  checks.reschedule();
  await end();
  expect(health.state).toBe("out");
  time.advance(1000);
  await end();
  expect(health.state).toBe("up");
});

it("stops, and aborts the check in flight", async () => {
  const { time, health, checks, inFlight, settle } = start();
  time.advance(0);
  checks.stop();
  await settle();
  expect(inFlight[0]?.signal.aborted).toBe(true);
  time.advance(100_000);
  expect([health.failures, time.waiting()]).toEqual([0, 0]);
});

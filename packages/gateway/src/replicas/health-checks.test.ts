import { expect, it } from "vitest";
import { upstreamConfig } from "../delivery/fixtures/front.ts";
import { createManualTime } from "./fixtures/manual-time.ts";
import { startChecks } from "./health-checks.ts";
import { Replica } from "./replica.ts";
import { ReplicaHealth } from "./replica-health.ts";

const defaults = {
  intervalMs: 10_000,
  timeoutMs: 500,
  failures: 2,
  ejectMs: 1000,
  maxEjectMs: 4000,
  slowStartMs: 0,
};

/** A replica whose checks a test settles one at a time. */
function start(random: readonly number[] = [], settings: Partial<typeof defaults> = {}) {
  const time = createManualTime(random);
  const config = { ...defaults, ...settings };
  const health = new ReplicaHealth({ config, now: time.now, onChange: () => {} });
  const place = { name: "1", url: new URL("http://127.0.0.1:9") };
  const replica = new Replica(place, health, { connectMs: 1000 });
  const inFlight: { pass: () => void; fail: (error: Error) => void; signal: AbortSignal }[] = [];
  let begun = 0;
  const checks = startChecks(replica, {
    config,
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

it("counts no failure when the gateway has no free file descriptor", async () => {
  const { time, health, end } = start();
  time.advance(0);
  await end(new Error("failed", { cause: Object.assign(new Error(), { code: "EMFILE" }) }));
  expect(health.failures).toBe(0);
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

it("ejects a replica that no longer answers within 5 seconds by default", async () => {
  const { health: config } = upstreamConfig([], { health: { intervalMs: undefined } });
  // The longest interval begins just before the replica stops to answer.
  const { time, health, end, settle } = start([1], config);
  time.advance(0);
  await end();
  const stoppedAt = time.now();
  while (health.state !== "out") {
    time.advance(50);
    await settle();
  }
  expect(time.now() - stoppedAt).toBeLessThanOrEqual(5000);
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

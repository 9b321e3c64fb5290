import { describe, expect, it } from "vitest";
import { createManualTime } from "./fixtures/manual-time.ts";
import { ReplicaHealth } from "./replica-health.ts";

const defaults = { failures: 3, ejectMs: 1000, maxEjectMs: 4000, slowStartMs: 5000 };

function start(config: Partial<typeof defaults> = {}) {
  const time = createManualTime();
  const changes: string[] = [];
  const health: ReplicaHealth = new ReplicaHealth({
    config: { ...defaults, ...config },
    now: time.now,
    onChange: () => changes.push(health.state),
    onSilent: (isConfirmed) => changes.push(isConfirmed ? "confirmed" : "silent"),
  });
  const fail = (times: number) => {
    for (let count = 0; count < times; count += 1) health.fail("refused");
  };
  return { health, time, changes, fail };
}

describe("a replica", () => {
  it("is starting until it answers a check or a request", () => {
    const [checked, asked] = [start(), start()];
    expect(checked.health.state).toBe("starting");
    checked.health.pass();
    asked.health.succeed();
    expect([checked.changes, asked.changes]).toEqual([["up"], ["up"]]);
  });

  it("is out after consecutive failures, and not before", () => {
    const { health, fail, changes } = start();
    health.pass();
    fail(2);
    health.succeed();
    fail(2);
    expect(health.state).toBe("up");
    fail(1);
    expect([health.state, health.failures, health.lastError]).toEqual(["out", 3, "refused"]);
    expect(changes).toEqual(["up", "out"]);
  });

  it("returns only after a successful check, not after a successful request", () => {
    const { health, fail, time } = start();
    fail(3);
    time.advance(60_000);
    health.succeed();
    expect(health.state).toBe("out");
    health.pass();
    expect([health.state, health.failures]).toEqual(["warming", 0]);
  });

  it("is checked after its ejection, whose duration doubles up to maxEjectMs", () => {
    const { health, fail, time } = start();
    fail(3);
    const waits = [health.untilCheckMs()];
    for (let check = 0; check < 4; check += 1) {
      time.advance(health.untilCheckMs());
      health.failCheck("refused");
      waits.push(health.untilCheckMs());
    }
    expect(waits).toEqual([1000, 2000, 4000, 4000, 4000]);
  });

  it("is ejected for longer when it fails again soon, but not after a long healthy time", () => {
    const { health, fail, time } = start();
    fail(3);
    time.advance(1000);
    health.pass();
    time.advance(500);
    fail(3);
    expect(health.untilCheckMs()).toBe(2000);
    time.advance(2000);
    health.pass();
    time.advance(4001);
    fail(3);
    expect(health.untilCheckMs()).toBe(1000);
  });

  it("gets a share that grows over slowStartMs after its return", () => {
    const { health, time, fail } = start();
    health.pass();
    expect(health.share()).toBe(1);
    fail(3);
    time.advance(1000);
    health.pass();
    const shares = [health.share()];
    for (const ms of [500, 2000, 2499]) {
      time.advance(ms);
      shares.push(health.share());
    }
    expect(shares).toEqual([0.1, 0.1, 0.5, 0.9998]);
    time.advance(1);
    expect([health.state, health.share()]).toEqual(["up", 1]);
  });

  it("gets its full share at once without slow start", () => {
    const { health, fail } = start({ slowStartMs: 0 });
    fail(3);
    health.pass();
    expect([health.state, health.share()]).toEqual(["up", 1]);
  });

  it("is out after failures even if it never answered", () => {
    const { health, fail } = start();
    fail(3);
    expect(health.state).toBe("out");
  });
});

describe("a replica that does not answer checks", () => {
  it("is silent when it is ejected, and confirmed with the next check", () => {
    const { health, changes } = start();
    health.pass();
    for (let check = 0; check < 4; check += 1) health.failCheck("timed out", true);
    expect(changes).toEqual(["up", "out", "silent", "out", "confirmed"]);
  });

  it("is not silent if it refuses connections or answers with an error", () => {
    const { health, changes } = start();
    for (let check = 0; check < 4; check += 1) health.failCheck("refused");
    expect(changes).toEqual(["out", "out"]);
  });
});

import { describe, expect, it } from "vitest";
import { replayGuardContract } from "../testing/contracts/replay-guard-contract.ts";
import { createMemoryReplayGuard } from "./memory-replay-guard.ts";

describe("a replay guard", () => {
  it("grants the first claim and refuses every later one", () => {
    const guard = createMemoryReplayGuard();
    expect(guard.claim("a", 1000)).toBe(true);
    expect(guard.claim("a", 1000)).toBe(false);
    expect(guard.claim("a", 1000)).toBe(false);
    expect(guard.claim("b", 1000)).toBe(true);
  });

  it("grants a claim again after its time", () => {
    let time = 0;
    const guard = createMemoryReplayGuard({ now: () => time });
    guard.claim("a", 1000);
    time = 999;
    expect(guard.claim("a", 1000)).toBe(false);
    time = 1000;
    expect(guard.claim("a", 1000)).toBe(true);
    time = 1999;
    expect(guard.claim("a", 1000)).toBe(false);
  });

  it("refuses new claims when it is full", () => {
    let time = 0;
    const guard = createMemoryReplayGuard({ maxClaims: 2, now: () => time });
    expect([guard.claim("a", 10), guard.claim("b", 20), guard.claim("c", 10)]).toEqual([
      true,
      true,
      false,
    ]);
    time = 10;
    expect(guard.claim("c", 10)).toBe(true);
    expect(guard.claim("b", 10)).toBe(false);
    expect(guard.claim("d", 10)).toBe(false);
  });

  it("tells for how long it is full", () => {
    let time = 0;
    const guard = createMemoryReplayGuard({ maxClaims: 3, maxClaimsPerCaller: 2, now: () => time });
    guard.claim("a", 10, "ana");
    expect(guard.fullForMs?.("ana")).toBeUndefined();
    guard.claim("b", 20, "ana");
    expect([guard.fullForMs?.("ana"), guard.fullForMs?.("bo")]).toEqual([10, undefined]);
    guard.claim("c", 5, "bo");
    expect([guard.fullForMs?.("ana"), guard.fullForMs?.("cy")]).toEqual([5, 5]);
    time = 5;
    expect([guard.fullForMs?.("ana"), guard.fullForMs?.("cy")]).toEqual([5, undefined]);
  });

  it("refuses a caller with too many claims, and grants those of others", () => {
    let time = 0;
    const guard = createMemoryReplayGuard({ maxClaims: 20, now: () => time });
    expect(["a", "b", "c"].map((id) => guard.claim(id, 10, "ada"))).toEqual([true, true, false]);
    expect(guard.claim("d", 10, "bo")).toBe(true);
    expect(guard.claim("e", 10)).toBe(true);
    time = 10;
    expect(guard.claim("c", 10, "ada")).toBe(true);
  });

  it("drops claims in the order in which they expire", () => {
    let time = 0;
    const guard = createMemoryReplayGuard({ maxClaims: 3, now: () => time });
    for (const [id, ttlMs] of [
      ["a", 30],
      ["b", 10],
      ["c", 20],
    ] as const)
      guard.claim(id, ttlMs);
    time = 10;
    expect([guard.claim("d", 100), guard.claim("e", 100)]).toEqual([true, false]);
    time = 30;
    expect([guard.claim("a", 100), guard.claim("c", 100), guard.claim("b", 1)]).toEqual([
      ...[true, true],
      false,
    ]);
  });

  it("accepts names of the prototype as ids", () => {
    const guard = createMemoryReplayGuard();
    for (const id of ["__proto__", "constructor", ""]) {
      expect([guard.claim(id, 10), guard.claim(id, 10)]).toEqual([true, false]);
    }
  });

  it("is not shared", () => {
    expect(createMemoryReplayGuard().isShared).toBe(false);
  });
});

describe("a replay guard in memory", () => {
  const contract = replayGuardContract(async () => {
    const guard = createMemoryReplayGuard();
    return [guard, guard];
  });
  for (const { name, run } of contract) it(name, run);
});

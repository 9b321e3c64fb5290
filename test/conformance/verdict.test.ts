import { expect, it } from "vitest";
import type { Outcome } from "./outcomes.ts";
import { faultsOf, parseKnownFailing, readExpected, readKnownFailing } from "./verdict.ts";

const good: Outcome = {
  scenario: "a",
  passed: 3,
  failed: 0,
  warnings: 0,
  skipped: 0,
  complaints: [],
  exitedWell: true,
};
const expected = { a: 3 };
const none = new Map<string, string>();
const listed = new Map([["a", "why"]]);

it("is content when every check passes that the official SDK passes", () => {
  expect(faultsOf([good], expected, none, ["a"])).toEqual([]);
});

it.each([
  ["a failed check", { failed: 1, complaints: ["FAILURE x: y"] }, /1 failed[\s\S]*FAILURE x: y/],
  ["a warning, which the suite overlooks", { warnings: 1 }, /1 warnings/],
  ["a client that exits badly", { exitedWell: false }, /failed or ran out of time/],
  ["a check that was not reached", { passed: 2 }, /2 checks passed, expected 3/],
])("finds %s, unless it is known", (_what, change, fault) => {
  const outcome = { ...good, ...change };
  expect(faultsOf([outcome], expected, none, [])).toEqual([expect.stringMatching(fault)]);
  expect(faultsOf([outcome], expected, listed, [])).toEqual([]);
});

it("finds a scenario that did not run", () => {
  expect(faultsOf([], expected, none, ["a"])).toEqual(["a: did not run"]);
});

it("finds a listed scenario that passes", () => {
  expect(faultsOf([good], expected, listed, [])).toEqual([
    "a: passes; take it out of known-failing.txt",
  ]);
});

it("wants a reason for every listed scenario", () => {
  const text = "# a comment\n\nclient a # why\nserver b # because\n";
  expect([...parseKnownFailing(text, "client")]).toEqual([["a", "why"]]);
  expect(() => parseKnownFailing("client a", "client")).toThrow(
    /expected "side scenario # reason"/,
  );
});

it("lists only scenarios with a verdict", () => {
  const names = Object.keys(readExpected("client"));
  for (const scenario of readKnownFailing("client").keys()) expect(names).toContain(scenario);
});

it.each([
  ["server", 152],
  ["client", 409],
] as const)("expects of the %s what the official SDK passes: %i checks", (side, total) => {
  const passes = Object.values(readExpected(side));
  expect(passes.reduce((sum, passed) => sum + passed, 0)).toBe(total);
});

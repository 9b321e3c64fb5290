import { expect, it } from "vitest";
import { violationsIn } from "./test-rules.ts";

const path = "test/a.test.ts";
const noExpectation = "expected an expectation in this test";
const noReason = "expected an event instead of a sleep, or // time: <reason>";
const notAlone = "expected a measurement in an *.alone.test.ts, or // time: <reason>";

it.each([
  ['it("a", () => { expect(1).toBe(1); });'],
  ['it("a", async () => { await expect(call()).rejects.toThrow(); });'],
  ['it("a", async () => { await expect.poll(call).toBe(1); });'],
  ['it("a", () => { fc.assert(property); });'],
  ['it("a", () => { assert.equal(1, 1); });'],
  ['it("a", () => { expectTypeOf(1).toBeNumber(); });'],
  ['it("a", async () => { await expectRefusal(call()); });'],
  ['it("a", () => { fixture.expectNone(); });'],
  ['it("a", () => { for (const one of all) expect(one).toBe(1); }, 1000);'],
  ['it.each([1])("a", (n) => { expect(n).toBe(1); });'],
  ["for (const { name, run } of contract) it(name, run);"],
  ["const isFound = /a/.test(text);"],
  ['const options = { name: "a", run: () => start() };'],
  ["function expectOne(a: unknown) { if (a !== 1) throw new Error(); }"],
])("accepts %s", (source) => {
  expect(violationsIn(path, source)).toEqual([]);
});

it.each([
  ['it("a", () => { call(); });'],
  ['test("a", async () => { await call(); });'],
  ['it.each([1])("a", (n) => { call(n); });'],
  ['it.skipIf(isOld).each([1])("a", () => {});'],
  ['it("a", { timeout: 1 }, () => {});'],
  ['const onLinux = it.runIf(isLinux); onLinux("a", () => {});'],
  ['itOverHttp("a", () => {});'],
  ['it("a", () => { expect.stringContaining("a"); });'],
])("finds no expectation in %s", (source) => {
  expect(violationsIn(path, source)).toEqual([`${path}:1: ${noExpectation}`]);
});

it.each([
  ["{ name: 'a', body: async (one) => { expectEqual(one, 1); } }", []],
  ["{ name: 'a', body: async (one) => { await one.close(); } }", [noExpectation]],
  ["{ name: 'a', run: () => call() }", [noExpectation]],
  ["{ name, run: () => body(one) }", []],
])("takes an object in a folder of cases for a test: %s", (source, messages) => {
  const file = "packages/a/src/testing/contracts/a-contract.ts";
  const found = messages.map((message) => `${file}:2: ${message}`);
  expect(violationsIn(file, `const cases = [\n${source}];`)).toEqual(found);
});

it.each([
  ["function expectOne(a: unknown) { return a; }", "expectOne"],
  ["const assertOne = async (a: unknown) => a;", "assertOne"],
])("expects that a function named like an assertion can fail: %s", (source) => {
  const message = "expected an expectation in a function of this name";
  expect(violationsIn(path, source)).toEqual([`${path}:1: ${message}`]);
});

it.each([
  ["expect(1);", "expected a matcher that is called"],
  ["expect(isValid).not.toBe;", "expected a matcher that is called"],
  ["await expect.poll(call);", "expected a matcher that is called"],
  ["expect(call()).rejects.toThrow();", "expected an await"],
  ["expect.poll(call).toBe(1);", "expected an await"],
])("finds the expectation that has no effect: %s", (statement, message) => {
  const source = `it("a", async () => {\n  ${statement}\n  expect(1).toBe(1);\n});`;
  expect(violationsIn(path, source)).toEqual([`${path}:2: ${message}`]);
});

const pauses = 'import { setTimeout as pause } from "node:timers/promises"; ';

it.each([
  ["await new Promise((resolve) => setTimeout(resolve, 50));", [noReason]],
  [`${pauses}await pause(50);`, [noReason]],
  ['import { delay } from "../delay.ts"; await delay(ms);', [noReason]],
  ['import { delay } from "./a.ts"; await delay(ms);', []],
  ['import { setImmediate } from "node:timers/promises"; await setImmediate();', []],
  ["setTimeout(close, 50);", []],
  ["await clock.pause(50);", []],
  ["await new Promise((resolve) => setTimeout(resolve, 50)); // time: fake timers", []],
  [`// time: between polls\n${pauses}await pause(50);`, []],
  [`// time:\n${pauses}await pause(50);`, [noReason]],
  ["expect(performance.now() - start).toBeLessThan(1);", [notAlone]],
  ["const start = Date.now(); expect(end - start).toBeLessThan(1);", [notAlone]],
  ["process.hrtime.bigint() - start;", [notAlone]],
  ["const expiresAt = Date.now() - 1;", []],
  ["const startedAt = performance.now();", []],
])("in %j finds what depends on time", (source, messages) => {
  const found = violationsIn(path, source).map((violation) => violation.replace(/^.*?:\d+: /, ""));
  expect(found).toEqual(messages);
  expect(violationsIn("test/a.alone.test.ts", source)).toEqual([]);
  expect(violationsIn("test/a.heavy.test.ts", source)).toEqual([]);
});

it("reports measurements in tests only, sleeps also in their fixtures", () => {
  const source = `${pauses}await pause(50);\nexpect(performance.now() - start).toBe(1);`;
  expect(violationsIn("test/fixtures/a.ts", source)).toEqual([`test/fixtures/a.ts:1: ${noReason}`]);
});

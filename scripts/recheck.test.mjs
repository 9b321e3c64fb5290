import { describe, expect, it } from "vitest";
import { filesToRecheck, maxFiles, unstableLines } from "./recheck.mjs";

const file = (name, ...tests) => ({
  name,
  status: tests.some((status) => status === "failed") ? "failed" : "passed",
  assertionResults: tests.map((status, index) => ({ status, fullName: `test ${index}` })),
});

describe("files that are run again", () => {
  it("are those with tests that failed", () => {
    const report = { testResults: [file("a", "passed", "failed"), file("b", "passed")] };
    expect(filesToRecheck(report)).toEqual([{ name: "a", tests: ["test 1"] }]);
  });

  it("are none if many files failed", () => {
    const names = Array.from({ length: maxFiles + 1 }, (_, index) => `file ${index}`);
    expect(filesToRecheck({ testResults: names.map((name) => file(name, "failed")) })).toBe(
      undefined,
    );
  });

  it("are none if a file failed outside of its tests", () => {
    const unloaded = { name: "a", status: "failed", assertionResults: [] };
    expect(filesToRecheck({ testResults: [unloaded] })).toBe(undefined);
  });

  it("are none if no test failed, for example after an unhandled error", () => {
    expect(filesToRecheck({ testResults: [file("a", "passed")] })).toBe(undefined);
  });
});

it("names the tests that passed alone", () => {
  expect(unstableLines([{ name: "a", tests: ["b", "c"] }]).slice(1)).toEqual([
    "  a",
    "    b",
    "    c",
  ]);
});

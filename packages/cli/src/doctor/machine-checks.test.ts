import { expect, it } from "vitest";
import { checkNode, checkZod } from "./machine-checks.ts";

it.each([
  ["20.18.3", "problem"],
  ["18.20.0", "problem"],
  ["20.19.0", "ok"],
  ["22.0.0", "ok"],
])("finds Node %s: %s", (version, state) => {
  expect(checkNode(version).state).toBe(state);
});

it.each([
  ["3.25.76", "problem"],
  ["4.1.13", "problem"],
  ["4.2.0", "ok"],
  ["5.0.0", "ok"],
])("finds zod %s: %s", (version, state) => {
  expect(checkZod(version)).toMatchObject([{ check: "zod", state }]);
});

it("needs no zod", () => {
  expect(checkZod(undefined)).toEqual([]);
});

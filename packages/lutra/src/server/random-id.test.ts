import { expect, it } from "vitest";
import { randomId } from "./random-id.ts";

it("ids differ each time", () => {
  expect(new Set(Array.from({ length: 1000 }, () => randomId())).size).toBe(1000);
});

it("the length of an id follows from its entropy", () => {
  expect(randomId()).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(randomId(9)).toMatch(/^[A-Za-z0-9_-]{12}$/);
});

it("rejects an entropy above the limit", () => {
  expect(() => randomId(3073)).toThrow(RangeError);
});

import { expect, it } from "vitest";
import { lowerCaseName } from "./fields.ts";

it("a name in Latin-1 letters or beyond is invalid, also one whose bytes would be a name", () => {
  const names = ["\u0141uthorization", "\u0148ost", "gr\u00fcn", "a b", ""];
  expect(names.map(lowerCaseName)).toEqual(names.map(() => undefined));
  expect([lowerCaseName("X-One"), lowerCaseName("X-One")]).toEqual(["x-one", "x-one"]);
});

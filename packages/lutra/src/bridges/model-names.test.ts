import { expect, it } from "vitest";
import { modelNames } from "./model-names.ts";

const accepted = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

it("keeps names that all providers accept", () => {
  const names = ["add", "_private", "list-items", "a".repeat(64)];
  expect(modelNames(names)).toEqual(names);
});

it.each([
  ["files.read", "files_read"],
  ["2fa", "_2fa"],
  ["-x", "_-x"],
  ["größe", "gr__e"],
  ["", "_"],
])("names %j %j", (name, expected) => {
  expect(modelNames([name])).toEqual([expected]);
});

it("adds a hash to long names, and to all names that would become equal", () => {
  const names = ["a.b", "a:b", "c.d", "c_d", `${"x".repeat(70)}1`, `${"x".repeat(70)}2`];
  const named = modelNames(names);
  expect(named[3]).toBe("c_d");
  expect(named.filter((name) => !accepted.test(name))).toEqual([]);
  expect(new Set(named).size).toBe(names.length);
});

it("gives a tool the same name in every order of the list", () => {
  const names = ["a.b", "a:b", "a_b", "z".repeat(100)];
  const reversed = modelNames(names.toReversed());
  expect(reversed.toReversed()).toEqual(modelNames(names));
});

it("gives no name twice if a tool has the name that another one would be given", () => {
  const [hashed = ""] = modelNames(["a.b", "a_b"]);
  const names = ["a.b", "a_b", hashed];
  const named = modelNames(names);
  expect(named.slice(1)).toEqual(["a_b", hashed]);
  expect(new Set(named).size).toBe(3);
});

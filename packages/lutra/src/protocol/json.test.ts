import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJSON, isObject } from "./json.ts";

describe("isObject", () => {
  it.each([
    ["an object", {}, true],
    ["an object without a prototype", Object.create(null), true],
    ["an array", [], false],
    ["null", null, false],
    ["a string", "{}", false],
    ["undefined", undefined, false],
    ["a function", () => {}, false],
  ])("%s: %#", (_what, value, expected) => {
    expect(isObject(value)).toBe(expected);
  });
});

describe("canonicalJSON", () => {
  it.each([
    ["sorts keys", { b: 1, a: 2 }, '{"a":2,"b":1}'],
    ["sorts keys at every depth", [{ b: { d: 1, c: 2 } }], '[{"b":{"c":2,"d":1}}]'],
    ["keeps the order of arrays", [2, 1], "[2,1]"],
    ["leaves undefined members out", { a: undefined, b: null }, '{"b":null}'],
    ["keeps a key named __proto__", JSON.parse('{"__proto__":1,"a":2}'), '{"__proto__":1,"a":2}'],
    ["keeps strings as they are", 'a"\n', '"a\\"\\n"'],
  ])("%s", (_what, value, expected) => {
    expect(canonicalJSON(value)).toBe(expected);
  });

  it("gives the same text however members are ordered", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJSON(reversed(value))).toBe(canonicalJSON(value));
      }),
    );
  });

  it("gives different texts for values that differ as JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
        const isEqual = canonicalJSON(a) === canonicalJSON(b);
        const readBack = JSON.parse(canonicalJSON(a));
        expect(readBack).toEqual(JSON.parse(JSON.stringify(a)));
        if (isEqual) expect(readBack).toEqual(JSON.parse(JSON.stringify(b)));
      }),
    );
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

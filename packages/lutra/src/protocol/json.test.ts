import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  asJSON,
  canonicalJSON,
  copyOfJSON,
  encodeJSON,
  isObject,
  maxJSONDepth,
  sizeOfJSON,
} from "./json.ts";

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

describe("encodeJSON", () => {
  it.each([
    ["a high surrogate", "a\ud83d", "a\ufffd"],
    ["a low surrogate", "\ude00a", "\ufffda"],
    ["two in the wrong order", "\ude00\ud83d", "\ufffd\ufffd"],
    ["one beside a pair", "\ud83d\ud83d\ude00", "\ufffd\ud83d\ude00"],
    ["one after a backslash", "\\\ud83d", "\\\ufffd"],
  ])("replaces a lone surrogate: %s", (_what, text, sent) => {
    expect(JSON.parse(encodeJSON({ [text]: [text] }))).toEqual({ [sent]: [sent] });
    expect(encodeJSON(text)).not.toContain("\\ud");
  });

  it("leaves text alone that looks like the escape of a surrogate", () => {
    for (const text of ["\\ud83d", "\\\\ud83d", "a\\ud83d\ud83d".slice(0, -1), "\ud83d\ude00"]) {
      expect(encodeJSON({ text })).toBe(JSON.stringify({ text }));
    }
  });

  it("encodes well-formed text as JSON.stringify does", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        expect(encodeJSON(value)).toBe(JSON.stringify(value));
      }),
    );
  });
});

describe("canonicalJSON", () => {
  it.each([
    ["sorts keys", { b: 1, a: 2 }, '{"a":2,"b":1}'],
    ["sorts keys at every depth", [{ b: { d: 1, c: 2 } }], '[{"b":{"c":2,"d":1}}]'],
    ["keeps the order of arrays", [2, 1], "[2,1]"],
    ["omits undefined members", { a: undefined, b: null }, '{"b":null}'],
    ["keeps a key named __proto__", JSON.parse('{"__proto__":1,"a":2}'), '{"__proto__":1,"a":2}'],
    ["escapes strings as JSON.stringify does", 'a"\n', '"a\\"\\n"'],
    ["omits members that are functions", { a: () => {}, b: 1 }, '{"b":1}'],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
    ["replaces holes and undefined entries", [, undefined, 1], "[null,null,1]"],
    ["calls toJSON", { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ["keeps a member named toJSON", { toJSON: 5 }, '{"toJSON":5}'],
    ["encodes instances of classes as JSON.stringify does", new Map([[1, 2]]), "{}"],
  ])("%s", (_what, value, expected) => {
    expect(canonicalJSON(value)).toBe(expected);
  });

  it("canonicalJSON encodes values up to the maximum depth, and rejects deeper ones", () => {
    const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth));
    expect(canonicalJSON(nested(maxJSONDepth))).toHaveLength(2 * maxJSONDepth);
    expect(() => canonicalJSON(nested(maxJSONDepth + 1))).toThrow(TypeError);
    expect(() => canonicalJSON(nested(100_000))).toThrow(TypeError);
  });

  it("canonicalJSON returns the same text for any order of members", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJSON(reversed(value))).toBe(canonicalJSON(value));
      }),
    );
  });

  it("canonicalJSON returns different texts for values that differ as JSON", () => {
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

describe("asJSON", () => {
  it("asJSON returns a JSON value itself", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = copyOfJSON(value);
        expect(asJSON(json)).toBe(json);
      }),
    );
  });

  it("asJSON converts any other value as JSON.stringify and JSON.parse do", () => {
    fc.assert(
      fc.property(
        fc.object({ withDate: true, withSparseArray: true, withNullPrototype: true }),
        (value) => {
          expect(asJSON(value)).toEqual(copyOfJSON(value));
        },
      ),
    );
  });

  it.each([
    ["an undefined member", { a: undefined, b: 1 }, { b: 1 }],
    ["a date", { at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
    ["a class with toJSON", { a: new URL("http://a.example") }, { a: "http://a.example/" }],
    ["a hole", Object.assign([1], { 2: 2 }), [1, null, 2]],
    ["not a finite number", [Number.NaN, Number.POSITIVE_INFINITY], [null, null]],
    ["a map", { a: new Map([[1, 2]]) }, { a: {} }],
    ["an object with its own toJSON", { toJSON: () => "x" }, "x"],
  ])("asJSON converts %s", (_what, value, expected) => {
    expect(asJSON<unknown>(value)).toStrictEqual(expected);
  });

  it("asJSON throws for circular values and for a bigint", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(() => asJSON(loop)).toThrow(TypeError);
    expect(() => asJSON({ a: 1n })).toThrow(TypeError);
  });

  it("asJSON accepts deeply nested values", () => {
    let deep: object = {};
    for (let depth = 0; depth < 100; depth += 1) deep = { deep };
    expect(asJSON(deep)).toEqual(deep);
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

describe("sizeOfJSON", () => {
  it.each([
    ["a long string", "x".repeat(10_000), 10_000],
    ["a long key", { ["x".repeat(10_000)]: 1 }, 10_000],
    ["many numbers", Array(1000).fill(1), 16_000],
    ["many empty objects", Array(1000).fill({}), 48_000],
  ])("counts %s", (_what, value, expected) => {
    const size = sizeOfJSON(value);
    expect(size).toBeGreaterThanOrEqual(expected);
    expect(size).toBeLessThan(expected * 1.1);
  });

  it("counts values that are nested deeply", () => {
    const depth = 100_000;
    const nested = JSON.parse("[".repeat(depth) + "]".repeat(depth));
    expect(sizeOfJSON(nested)).toBeGreaterThan(depth);
  });

  it("stops above the maximum", () => {
    expect(sizeOfJSON(Array(1000).fill(1), 100)).toBeLessThan(1000);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxJSONDepth } from "./json.ts";
import { decodeJSON, defaultMaxValues, measureJSON } from "./json-text.ts";

const tooDeep = `expected at most ${maxJSONDepth} levels of JSON`;
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

const shortest = (depth: number) => `${'{"":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`;

describe("decodeJSON", () => {
  it("decodes JSON within its bounds as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: "binary" }), (text) => {
        const expected = { value: JSON.parse(text), excess: undefined };
        expect(decodeJSON(text, defaultMaxValues)).toEqual(expected);
        // With as many values as characters, every one is counted.
        expect(decodeJSON(text, text.length)).toEqual(expected);
      }),
    );
  });

  it.each([
    ["lists", nested(maxJSONDepth)],
    ["objects", '{"a":'.repeat(maxJSONDepth) + 1 + "}".repeat(maxJSONDepth)],
    ["the shortest objects", shortest(maxJSONDepth)],
    ["lists side by side", `[${Array(1000).fill("[]").join(",")}]`],
    ["brackets in strings", JSON.stringify(Array(300).fill('[[[[{{{{\\"[['))],
    ["a string of brackets and backslashes", JSON.stringify("\\[".repeat(1000))],
  ])("accepts the maximum depth: %s", (_what, text) => {
    expect(decodeJSON(text, defaultMaxValues)).toEqual({
      value: JSON.parse(text),
      excess: undefined,
    });
  });

  it.each([
    ["lists", nested(maxJSONDepth + 1)],
    ["lists after a string", `["\\\\",${nested(maxJSONDepth)}]`],
    ["objects", '{"a":'.repeat(maxJSONDepth + 1) + 1 + "}".repeat(maxJSONDepth + 1)],
    ["the shortest objects", shortest(maxJSONDepth + 1)],
  ])("reports deeper text, and decodes it for its id: %s", (_what, text) => {
    expect(decodeJSON(text, defaultMaxValues)).toEqual({
      value: JSON.parse(text),
      excess: tooDeep,
    });
  });

  it.each([
    ["numbers", "[1,2,3,4]", 5, 3],
    ["members", '{"a":1,"b":2}', 4, 3],
    ["empty objects", "[{},{},{}]", 6, 5],
  ])("counts about the keys and values: %s", (_what, json, enough, tooFew) => {
    const text = json.padEnd(300);
    expect(decodeJSON(text, enough).excess).toBeUndefined();
    expect(decodeJSON(text, tooFew).excess).toBe(`expected at most ${tooFew} keys and values`);
  });

  it("names the option that sets the number of values", () => {
    const { excess } = decodeJSON("[1,2,3,4]".padEnd(300), 3, "maxResponseValues");
    expect(excess).toBe("expected at most 3 keys and values (maxResponseValues)");
  });

  it("does not decode long text beyond its bounds", () => {
    expect(decodeJSON(nested(1_000_000), defaultMaxValues)).toEqual({
      value: undefined,
      excess: tooDeep,
    });
    const { value, excess } = decodeJSON(`[${"{},".repeat(defaultMaxValues)}0]`, defaultMaxValues);
    expect([value, excess]).toEqual([undefined, "expected at most 100000 keys and values"]);
  });

  it.each(["", "[", '"', '"\\', `["${"\\".repeat(400)}`, "{".repeat(100)])(
    "throws for text that is not JSON: %#",
    (text) => {
      expect(() => decodeJSON(text, defaultMaxValues)).toThrow(SyntaxError);
    },
  );
});

describe("measureJSON", () => {
  it("finds the excess that decodeJSON finds in the text", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(40), (value, maxValues) => {
        // Short text is not counted.
        const text = JSON.stringify(value).padEnd(300);
        const { excess } = decodeJSON(text, maxValues);
        expect(measureJSON(value, maxValues)).toEqual({ value, excess });
      }),
    );
  });

  it.each([
    [maxJSONDepth, undefined],
    [maxJSONDepth + 1, tooDeep],
  ])("with %i levels", (depth, excess) => {
    expect(measureJSON(JSON.parse(nested(depth)), defaultMaxValues).excess).toBe(excess);
  });

  it("ends for a value that contains itself", () => {
    const value: { self?: unknown } = {};
    value.self = value;
    expect(measureJSON(value, defaultMaxValues).excess).toBe(tooDeep);
  });
});

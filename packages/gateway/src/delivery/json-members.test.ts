import fc from "fast-check";
import { maxJSONDepth } from "lutra/internal";
import { expect, it } from "vitest";
import { findObject, membersAt } from "./json-members.ts";

/** Returns the text with white space between its tokens. */
function spaced(value: unknown, space: number): string {
  return `\t ${JSON.stringify(value, undefined, space)}\r\n`;
}

function latin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}

function sliceOf(text: string, place: { start: number; end: number } | undefined): string {
  return Buffer.from(text).subarray(place?.start, place?.end).toString();
}

it("finds the bytes of each member of any object", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()),
      fc.nat(2),
      (object, space) => {
        const written = spaced(object, space);
        const parsed = JSON.parse(written) as Record<string, unknown>;
        const found = findObject(latin1(written));
        expect(found?.members.size).toBe(Object.keys(parsed).length);
        for (const [name, value] of Object.entries(parsed)) {
          const place = found?.members.get(latin1(name));
          expect(JSON.parse(sliceOf(written, place))).toEqual(value);
        }
      },
    ),
  );
});

it.each([
  ["a name that is written with escapes", '{"\\u0061":4}', "4"],
  [
    "a name behind strings with brackets and quotes",
    '{"x":"}\\"{","y":["]"],"a":"\\\\"}',
    '"\\\\"',
  ],
  ["a number that ends the object", '{"a":-1.5e3}', "-1.5e3"],
  ["a nested value with white space", '{"a":[ 1 , {"a":2} ] }', '[ 1 , {"a":2} ]'],
])("finds %s", (_what, text, expected) => {
  expect(sliceOf(text, findObject(text)?.members.get("a"))).toBe(expected);
});

it.each([
  ...["", "null", "[1]", '"a"', "{", '{"a"', '{"a":', '{"a":}', '{"a":1', '{"a":1,}', "{,}"],
  ...['{"a" 1}', "{a:1}", '{"a":"', '{"a":[1}', '{"a":1}{', '{"\\x":1}'],
  ...['{"a":1,"b":2,"a":3}', '{"a":1,"\\u0061":2}'],
])("finds no object in %j", (text) => {
  expect(findObject(text)).toBeUndefined();
});

it("finds objects with as many levels as are parsed, and no others", () => {
  const nested = (levels: number) => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
  expect(findObject(nested(maxJSONDepth))).toBeDefined();
  expect(findObject(nested(maxJSONDepth + 1))).toBeUndefined();
});

it("finds an object inside of a text, with its end", () => {
  expect(membersAt('[{"a":{}} ]', 1)?.end).toBe(9);
});

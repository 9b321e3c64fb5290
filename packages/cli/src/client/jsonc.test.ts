import { expect, it } from "vitest";
import { parseJSONC } from "./jsonc.ts";

it.each([
  ['{"a": 1, // one\n "b": [2, /* two */ 3,],}', { a: 1, b: [2, 3] }],
  [
    '{"url": "http://a/b", "text": "a \\" /* b */ ,]"}',
    { url: "http://a/b", text: 'a " /* b */ ,]' },
  ],
  ['\uFEFF{"a": {}, // last\n}', { a: {} }],
])("comments and trailing commas are left out, but not in strings: %s", (text, value) => {
  expect(parseJSONC(text)).toEqual(value);
});

it("other text is refused", () => {
  expect(() => parseJSONC("{a: 1}")).toThrow(SyntaxError);
});

import { expect, it } from "vitest";
import { clipTo, plainJSON, plainLine, plainText, widthOf } from "./plain-text.ts";

it("control characters and marks that reorder text become visible", () => {
  expect(plainText("a\u001b[2J\u009bb\r\nc\td")).toBe("a\\u001b[2J\\u009bb\nc\td");
  expect(plainText("\u202egnp.exe")).toBe("\\u202egnp.exe");
  expect(plainLine(" a\n\n b ")).toBe("a b");
});

it("JSON without control characters is decoded to the same value", () => {
  const value = { text: "a\u009b2J\u007f\u202e\n" };
  expect(plainJSON(value)).not.toMatch(/[\u007f-\u009f\u202e]/);
  expect(JSON.parse(plainJSON(value))).toEqual(value);
});

it.each([
  ["abc", 3],
  ["東京", 4],
  ["e\u0301", 1],
])("the width of %s is %d", (text, width) => {
  expect(widthOf(text)).toBe(width);
});

it("text is shortened to a number of columns", () => {
  expect(clipTo("abcdef", 4)).toBe("abc…");
  expect(clipTo("東京都", 5)).toBe("東京…");
  expect(clipTo("abc", 3)).toBe("abc");
});

import assert from "node:assert/strict";
import { encodeJSON, maxJSONDepth } from "../../../packages/lutra/src/protocol/json.ts";
import { decodeJSON, measureJSON } from "../../../packages/lutra/src/protocol/json-text.ts";
import { orRefused, type Target } from "../target.ts";

const decoder = new TextDecoder();

export const jsonText: Target = {
  kind: "bytes",
  name: "json-text",
  title: "bodies: decodeJSON decodes as JSON.parse, and holds its bounds for any text",
  dictionary: [
    '"',
    "\\",
    '\\"',
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "[[[[[[[[",
    "]]]]]]]]",
    '{"a":',
    "null",
  ],
  check: (input) => {
    const text = decoder.decode(input);
    const own = orRefused(
      () => decodeJSON(text, 1000),
      (thrown) => thrown instanceof SyntaxError,
    );
    const expected = orRefused(
      () => JSON.parse(text) as unknown,
      () => true,
    );
    if (own === undefined) return assert.equal(expected, undefined);
    if (expected === undefined) return assert.notEqual(own.excess, undefined);
    if (text.length <= 2 * maxJSONDepth) assert.equal(own.excess, undefined);
    assert.deepEqual(own.value, expected);
    // The text may have more characters than the shortest one, but not more values or levels.
    assert.equal(measureJSON(expected, 1000).excess === undefined, own.excess === undefined);
    const encoded = encodeJSON(expected);
    assert.doesNotMatch(encoded, /(?<!\\)(?:\\\\)*\\ud[89a-f]/);
    assert.equal(encodeJSON(JSON.parse(encoded)), encoded);
  },
};

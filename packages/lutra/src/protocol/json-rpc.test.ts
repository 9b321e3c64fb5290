import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "./errors.ts";
import {
  encodeError,
  encodeResult,
  isRequest,
  maxIdLength,
  parseMessage,
  type Result,
  readId,
  resultBytes,
  withBytes,
} from "./json-rpc.ts";

const request = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
const invalidRequest = { code: -32600, status: 400 };

describe("basic/index#requests", () => {
  it.each([
    ["a string", "a"],
    ["an empty string", ""],
    ["zero", 0],
    ["a negative integer", -7],
    ["the largest safe integer", Number.MAX_SAFE_INTEGER],
    ["the smallest safe integer", Number.MIN_SAFE_INTEGER],
    ["a string of the maximum length", "x".repeat(maxIdLength)],
  ])("requests MUST include a string or integer ID: %s", (_what, id) => {
    const message = parseMessage({ ...request, id });
    expect(message).toEqual({ ...request, id });
    expect(isRequest(message)).toBe(true);
  });

  it.each([
    ["the ID MUST NOT be null", { ...request, id: null }],
    ["a fractional ID is refused", { ...request, id: 1.5 }],
    ["a boolean ID is refused", { ...request, id: true }],
    ["an object as ID is refused", { ...request, id: {} }],
    ["an integer ID outside the safe range is refused", { ...request, id: 2 ** 53 }],
    ["a longer string as ID is refused", { ...request, id: "x".repeat(maxIdLength + 1) }],
    ["an infinite ID is refused", { ...request, id: JSON.parse("1e999") }],
    ["jsonrpc is missing", { id: 1, method: "tools/list" }],
    ["jsonrpc is 1.0", { ...request, jsonrpc: "1.0" }],
    ["jsonrpc is a number", { ...request, jsonrpc: 2 }],
    ["the method is missing", { jsonrpc: "2.0", id: 1 }],
    ["the method is not a string", { ...request, method: 1 }],
    ["params is an array", { ...request, params: [] }],
    ["params is null", { ...request, params: null }],
    ["params is a string", { ...request, params: "{}" }],
    ["the message is null", null],
    ["the message is a string", "tools/list"],
    ["the message is a number", 1],
    ["the message is empty", {}],
  ])("parseMessage rejects with -32600: %s", (_what, value) => {
    expect(() => parseMessage(value)).toThrow(expect.objectContaining(invalidRequest));
  });

  it.each([
    ["a batch of requests", [request]],
    ["an empty batch", []],
    ["a result response", { jsonrpc: "2.0", id: 1, result: {} }],
    ["an error response", { jsonrpc: "2.0", id: 1, error: { code: 1, message: "" } }],
  ])("the body MUST be a single request or notification, not %s", (_what, value) => {
    expect(() => parseMessage(value)).toThrow(expect.objectContaining(invalidRequest));
  });

  it("the error for a batch or a response names the expected message", () => {
    expect(() => parseMessage([request])).toThrow(/not a batch/);
    expect(() => parseMessage({ jsonrpc: "2.0", id: 1, result: {} })).toThrow(/responses/);
  });
});

describe("basic/index#notifications", () => {
  it("a message without an ID is a notification", () => {
    const message = parseMessage({ jsonrpc: "2.0", method: "notifications/cancelled" });
    expect(isRequest(message)).toBe(false);
  });

  it("a key named __proto__ is data", () => {
    const text =
      '{"jsonrpc":"2.0","method":"x","__proto__":{"id":1},"params":{"__proto__":{"a":1}}}';
    const message = parseMessage(JSON.parse(text));
    expect(isRequest(message)).toBe(false);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });
});

describe("basic/index#error-responses", () => {
  it.each([
    ["a readable id", { id: 5 }, 5],
    ["a string id", { id: "a" }, "a"],
    ["a null id", { id: null }, undefined],
    ["a fractional id", { id: 0.5 }, undefined],
    ["no id", {}, undefined],
    ["not an object", [1], undefined],
  ])(
    "an error response MUST include the same ID unless it could not be read: %s",
    (_what, value, id) => {
      expect(readId(value)).toBe(id);
    },
  );

  it("an error response omits an unknown ID", () => {
    const error = new ProtocolError("parseError", "Parse error");
    const wire = JSON.parse(encodeError(undefined, error));
    expect(wire).toEqual({ jsonrpc: "2.0", error: { code: -32700, message: "Parse error" } });
  });

  it("an error response MAY include data", () => {
    const error = new ProtocolError("invalidParams", "no", { data: { uri: "a:b" } });
    const wire = { code: -32602, message: "no", data: { uri: "a:b" } };
    expect(JSON.parse(encodeError("x", error))).toEqual({ jsonrpc: "2.0", id: "x", error: wire });
  });

  it.each([
    ["a bigint", 1n],
    ["a circular object", circle()],
    ["a toJSON that throws", { toJSON: () => JSON.parse("{") }],
  ])(
    "an error response becomes an internal error if JSON cannot represent its data: %s",
    (_what, data) => {
      const error = new ProtocolError("invalidParams", "no", { data });
      const wire = { code: -32603, message: "Internal error" };
      expect(JSON.parse(encodeError(1, error))).toEqual({ jsonrpc: "2.0", id: 1, error: wire });
    },
  );
});

describe("basic/index#result-responses", () => {
  it("a result response MUST include the same ID and a result", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "grapheme" }), fc.maxSafeInteger()),
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
        (id, members) => {
          const result = { ...members, resultType: "complete" };
          const expected = JSON.parse(JSON.stringify({ jsonrpc: "2.0", id, result }));
          expect(JSON.parse(encodeResult(id, result))).toEqual(expected);
          expect(JSON.parse(encodeResult(id, withBytes(result)))).toEqual(expected);
        },
      ),
    );
  });

  it("text is well-formed in results, encoded results and errors", () => {
    const result = { text: "a\ud83d" };
    const error = new ProtocolError("invalidParams", "a\ud83d");
    for (const text of [encodeResult(1, result), encodeResult(1, withBytes(result))]) {
      expect(JSON.parse(text).result).toEqual({ text: "a\ufffd" });
    }
    expect(JSON.parse(encodeError(1, error)).error.message).toBe("a\ufffd");
  });

  it("a changed copy of an encoded result does not carry the encoded bytes", () => {
    const encoded = withBytes<Result>({ resultType: "complete", tools: [] });
    expect(Object.keys(encoded)).toEqual(["resultType", "tools"]);
    expect(Object.isFrozen(encoded)).toBe(true);
    const changed = { ...encoded, tools: ["a"] };
    expect(resultBytes in changed).toBe(false);
    expect(JSON.parse(encodeResult(1, changed)).result.tools).toEqual(["a"]);
  });
});

function circle(): object {
  const object: Record<string, unknown> = {};
  object.self = object;
  return object;
}

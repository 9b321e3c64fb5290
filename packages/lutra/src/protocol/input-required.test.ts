import { describe, expect, it } from "vitest";
import type { ElicitFormParams } from "./elicitation.ts";
import { canElicit, formDefaults, isElicitResult } from "./elicitation.ts";
import type { InputRequest } from "./input-required.ts";
import { capabilityFor, isResponseTo, parseInputRequired } from "./input-required.ts";
import type { JSONObject } from "./json.ts";

const params: ElicitFormParams = {
  message: "Who?",
  requestedSchema: { type: "object", properties: { name: { type: "string" } } },
};
const form: InputRequest = { method: "elicitation/create", params };
const url: InputRequest = {
  method: "elicitation/create",
  params: { mode: "url", message: "Sign in", url: "https://example.com/in" },
};
const sample: InputRequest = {
  method: "sampling/createMessage",
  params: { messages: [], maxTokens: 10 },
};
const roots: InputRequest = { method: "roots/list" };

describe("basic/patterns/mrtr#inputrequiredresult", () => {
  it.each([
    ["with both", { inputRequests: { a: form, b: sample, c: roots }, requestState: "x" }],
    ["with requests alone", { inputRequests: { a: url } }],
    ["with state alone", { requestState: "" }],
    ["with no request at all", { inputRequests: {} }],
  ])("is read: %s", (_what, members) => {
    const result = { resultType: "input_required", ...members } as const;
    expect(parseInputRequired(result)).toEqual(result);
  });

  it.each<[string, JSONObject]>([
    ["MUST include at least one of inputRequests or requestState", {}],
    ["requestState is text", { requestState: {} }],
    ["inputRequests is a map", { inputRequests: [form] }],
    ["inputRequests is not null", { inputRequests: null }],
    ["a request is an object", { inputRequests: { a: "elicitation/create" } }],
    ["a request has a method", { inputRequests: { a: {} } }],
    ["a request is one of three", { inputRequests: { a: { method: "tools/call" } } }],
    ["a request is none of the prototype's", { inputRequests: { a: { method: "toString" } } }],
  ])("is refused: %s", (_what, members) => {
    expect(() => parseInputRequired({ resultType: "input_required", ...members })).toThrow(
      expect.objectContaining({ reason: "malformed" }),
    );
  });
});

describe("basic/patterns/mrtr#server-requirements-basic-workflow: declared kinds", () => {
  const tools = { ...sample.params, tools: [] };
  const toolChoice = { ...sample.params, toolChoice: { mode: "auto" } } as const;
  it.each<[string, InputRequest, JSONObject]>([
    ["a form", form, { elicitation: { form: {} } }],
    [
      "a form by name",
      { ...form, params: { ...params, mode: "form" } },
      { elicitation: { form: {} } },
    ],
    ["a URL", url, { elicitation: { url: {} } }],
    ["sampling", sample, { sampling: {} }],
    ["sampling with tools", { ...sample, params: tools }, { sampling: { tools: {} } }],
    ["sampling with a tool choice", { ...sample, params: toolChoice }, { sampling: { tools: {} } }],
    ["roots", roots, { roots: {} }],
  ])("%s needs its capability", (_what, request, capability) => {
    expect(capabilityFor(request)).toEqual(capability);
  });

  it("a client without a mode can't be asked in it", () => {
    expect(canElicit(params, { elicitation: {} })).toBe(true);
    expect(canElicit(url.params, { elicitation: {} })).toBe(false);
    expect(canElicit(params, {})).toBe(false);
  });
});

describe("basic/patterns/mrtr#inputresponses", () => {
  const message = { role: "assistant", content: { type: "text", text: "" }, model: "m" };
  it.each<[string, InputRequest, unknown, boolean]>([
    ["an accepted form", form, { action: "accept", content: { name: "a", n: 1, b: true } }, true],
    ["a multiple choice", form, { action: "accept", content: { colors: ["red", "blue"] } }, true],
    ["accepted without content", url, { action: "accept" }, true],
    ["declined", form, { action: "decline" }, true],
    ["cancelled", form, { action: "cancel" }, true],
    ["an unknown action", form, { action: "maybe" }, false],
    ["no action", form, { content: { name: "a" } }, false],
    ["content that is a list", form, { action: "accept", content: ["a"] }, false],
    ["nested content", form, { action: "accept", content: { name: { first: "a" } } }, false],
    ["content that is null", form, { action: "accept", content: { name: null } }, false],
    ["a list of numbers", form, { action: "accept", content: { n: [1] } }, false],
    ["nothing", form, undefined, false],
    ["null", form, null, false],
    ["the answer to another kind", form, { roots: [] }, false],
    ["a message", sample, message, true],
    ["a message of blocks", sample, { ...message, content: [message.content] }, true],
    ["a message without a model", sample, { ...message, model: undefined }, false],
    ["a message with an unknown role", sample, { ...message, role: "system" }, false],
    ["a message of text", sample, { ...message, content: "text" }, false],
    ["a block without a type", sample, { ...message, content: [{}] }, false],
    ["an elicited answer", sample, { action: "accept" }, false],
    ["roots", roots, { roots: [{ uri: "file:///a", name: "a" }] }, true],
    ["no roots", roots, { roots: [] }, true],
    ["a root without a URI", roots, { roots: [{ name: "a" }] }, false],
    ["roots that are null", roots, { roots: null }, false],
  ])("%s", (_what, request, response, expected) => {
    expect(isResponseTo(request, response)).toBe(expected);
  });

  it("rejects content without an action", () => {
    expect(isElicitResult({ content: {} })).toBe(false);
  });
});

describe("client/elicitation#requested-schema", () => {
  it("gives the defaults of its fields", () => {
    const properties = {
      name: { type: "string", default: "Ada" },
      age: { type: "integer", default: 0 },
      colors: { type: "array", items: { type: "string", enum: ["red"] }, default: ["red"] },
      sure: { type: "boolean", default: false },
      none: { type: "string" },
    } as const;
    expect(formDefaults({ type: "object", properties })).toEqual({
      name: "Ada",
      age: 0,
      colors: ["red"],
      sure: false,
    });
  });
});

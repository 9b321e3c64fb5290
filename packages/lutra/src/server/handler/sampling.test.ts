import { describe, expect, it } from "vitest";
import type { CreateMessageRequest } from "../../protocol/sampling.ts";
import { checkedSampling } from "./sampling.ts";

const text = { type: "text", text: "hello" };
const use = (id: string) => ({ type: "tool_use", id, name: "t", input: {} });
const result = (toolUseId: string) => ({ type: "tool_result", toolUseId, content: [] });
const user = (...content: readonly unknown[]) => ({ role: "user", content });
const assistant = (...content: readonly unknown[]) => ({ role: "assistant", content });

function check(messages: unknown, members: object = {}) {
  const params = { messages, maxTokens: 10, ...members };
  return checkedSampling({ method: "sampling/createMessage", params } as CreateMessageRequest);
}

describe("client/sampling#tool-use-and-result-balance", () => {
  it.each([
    ["plain messages", [{ role: "user", content: text }, assistant(text)]],
    ["no messages", []],
    ["a tool use and its result", [user(text), assistant(use("1")), user(result("1"))]],
    [
      "parallel tool uses, in any order",
      [assistant(text, use("1"), use("2")), user(result("2"), result("1")), assistant(text)],
    ],
  ])("accepts %s", (_what, messages) => {
    expect(check(messages).params.messages).toEqual(messages);
  });

  it.each([
    ["no result", [assistant(use("1")), user(text)], 1],
    ["no message", [assistant(use("1"))], 1],
    ["one result", [assistant(use("1"), use("2")), user(result("1"))], 1],
    ["a result too many", [assistant(use("1")), user(result("1"), result("2"))], 1],
    ["a result of no tool use", [user(result("1"))], 0],
    ["a late result", [assistant(use("1")), user(text), user(result("1"))], 1],
  ])("every tool use MUST be followed by its result: %s", (_what, messages, index) => {
    expect(() => check(messages)).toThrow(`sampling: messages[${index}]: expected`);
  });
});

describe("client/sampling#tool-result-messages", () => {
  it.each([
    ["text beside", [assistant(use("1")), user(result("1"), text)]],
    ["results of the assistant", [assistant(use("1")), assistant(result("1"))]],
    ["tool uses of the user", [user(use("1"))]],
  ])("a message with tool results MUST contain only these: %s", (_what, messages) => {
    expect(() => check(messages)).toThrow(TypeError);
  });
});

describe("client/sampling#messages", () => {
  it.each([
    ["no role", [{ content: text }]],
    ["another role", [{ role: "system", content: text }]],
    ["no content", [{ role: "user" }]],
    ["content without a type", [user({ text: "a" })]],
    ["null", [null]],
  ])("a message MUST have a role and content: %s", (_what, messages) => {
    expect(() => check(messages)).toThrow(TypeError);
  });

  it("the number of tokens is required", () => {
    expect(() => check([], { maxTokens: undefined })).toThrow(
      "sampling: maxTokens: expected a number",
    );
  });
});

import { describe, expect, it } from "vitest";
import { contentBlock } from "../../protocol/content.ts";
import {
  hostContextChanged,
  resourceTeardown,
  toolInput,
  toolResultReady,
} from "./host-messages.ts";
import { readAppMessage, refusal, refusedCode } from "./messages.ts";
import { callTool } from "./server-messages.ts";
import {
  initialize,
  initialized,
  type MessageParams,
  messageContent,
  sendMessage,
  sizeChanged,
} from "./view-messages.ts";

const text = { type: "text", text: "hi" } as const;

describe("readAppMessage", () => {
  it("accepts the id 0, with which the official library begins", () => {
    expect(readAppMessage({ jsonrpc: "2.0", id: 0, method: "ui/initialize", params: {} })).toEqual({
      kind: "request",
      id: 0,
      method: "ui/initialize",
      params: {},
    });
    expect(readAppMessage({ jsonrpc: "2.0", id: 0, result: {} })).toMatchObject({ kind: "result" });
  });

  it("accepts absent parameters, as those of `initialized` often are", () => {
    const message = readAppMessage({ jsonrpc: "2.0", method: initialized.name });
    expect(message).toEqual({ kind: "notification", method: initialized.name, params: {} });
    expect(initialized.params({})).toBeUndefined();
  });

  it("reads the error of a response", () => {
    const error = { code: -32000, message: "Link opening denied by user" };
    expect(readAppMessage({ jsonrpc: "2.0", id: 1, error })).toMatchObject({
      kind: "error",
      error: { code: -32000, message: "Link opening denied by user", peer: true },
    });
  });

  it.each([
    ["text", "{}"],
    ["null", null],
    ["an array", []],
    ["a message of another protocol", { type: "webpackOk" }],
    ["parameters that are an array", { jsonrpc: "2.0", method: "x", params: [] }],
    ["a method that is not text", { jsonrpc: "2.0", id: 1, method: 1 }],
    ["a null id", { jsonrpc: "2.0", id: null, method: "x" }],
    ["a result that is not an object", { jsonrpc: "2.0", id: 1, result: 1 }],
    ["an error without a code", { jsonrpc: "2.0", id: 1, error: {} }],
    ["a response without an id", { jsonrpc: "2.0", result: {} }],
  ])("ignores %s", (_what, data) => {
    expect(readAppMessage(data)).toBeUndefined();
  });
});

describe("the shapes of messages", () => {
  it("`ui/message` has a list of blocks in the schema and a single block in the text", () => {
    const one = { role: "user", content: text } satisfies MessageParams;
    const many = { role: "user", content: [text] } satisfies MessageParams;
    expect([one, many].map(sendMessage.params)).toEqual([undefined, undefined]);
    expect([one, many].map(messageContent)).toEqual([[text], [text]]);
    expect(sendMessage.params({ role: "assistant", content: text })).toBe('.role: expected "user"');
  });

  it("`ui/resource-teardown` may have a reason, and `size-changed` one of the dimensions", () => {
    expect(resourceTeardown.params({})).toBeUndefined();
    expect(resourceTeardown.params({ reason: "closed" })).toBeUndefined();
    expect(sizeChanged.params({ height: 10 })).toBeUndefined();
    expect(sizeChanged.params({ height: "10" })).toBe(".height: expected a number");
  });

  it("`ui/initialize` must declare the capabilities of the app", () => {
    const params = { appInfo: { name: "a", version: "1" }, protocolVersion: "2026-01-26" };
    expect(initialize.params(params)).toBe(".appCapabilities: expected an object");
    expect(initialize.params({ ...params, appCapabilities: {} })).toBeUndefined();
    const modes = { availableDisplayModes: ["inline", "tab"] };
    expect(initialize.params({ ...params, appCapabilities: modes })).toMatch(/\.1: expected/);
  });

  it("results of tools keep members that are not known", () => {
    const result = { content: [text], resultType: "complete", extra: 1 };
    expect(toolResultReady.params(result)).toBeUndefined();
    expect(callTool.result({ content: [{ type: "hologram" }] })).toBeUndefined();
    expect(contentBlock({ type: "text" })).toBe(".text: expected a string");
    expect(toolInput.params({})).toBeUndefined();
  });

  it("the host context may have members that are not known, and none at all", () => {
    expect(hostContextChanged.params({})).toBeUndefined();
    expect(hostContextChanged.params({ mood: "calm", theme: "dark" })).toBeUndefined();
    expect(hostContextChanged.params({ theme: "sepia" })).toMatch(/^\.theme: expected/);
  });
});

describe("a refusal", () => {
  it("has a code that the core protocol does not reserve", () => {
    const wire = refusal("The user declined").toWire();
    expect(wire).toEqual({ code: refusedCode, message: "The user declined" });
    expect(refusedCode > -32000 || refusedCode < -32768).toBe(true);
  });
});

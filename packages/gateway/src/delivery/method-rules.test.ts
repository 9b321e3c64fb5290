import { defineMethod, type Method, type Tool } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { createMethodRules } from "./method-rules.ts";

const own: Pick<Method, "params" | "result"> = {
  params: (params) => params,
  result: (result) => result,
};

describe("what may run twice", () => {
  it.each([
    ["server/discover", true],
    ["tools/list", true],
    ["resources/read", true],
    ["prompts/get", true],
    ["tools/call", false],
    ["com.example/unknown", false],
    [undefined, false],
  ])("%s: %s", (method, expected) => {
    expect(createMethodRules({}).isRepeatable(method, "x")).toBe(expected);
  });

  it.each([
    [{ readOnlyHint: true }, true],
    [{ idempotentHint: true }, true],
    [{ destructiveHint: false }, false],
    [{ readOnlyHint: false }, false],
    [undefined, false],
  ])("a call of a tool that says %j: %s", (annotations, expected) => {
    const tool = { name: "x", inputSchema: {}, ...(annotations && { annotations }) } as Tool;
    const rules = createMethodRules({ tool: (name) => (name === "x" ? tool : undefined) });
    expect(rules.isRepeatable("tools/call", "x")).toBe(expected);
    expect(rules.isRepeatable("tools/call", "y")).toBe(false);
    expect(rules.isRepeatable("tools/call", undefined)).toBe(false);
  });

  it("methods of extensions bring their own columns", () => {
    const methods = [
      defineMethod({ name: "tasks/get", ...own, safe: true }),
      defineMethod({ name: "tasks/follow", ...own, longLived: true }),
    ];
    const rules = createMethodRules({ methods });
    expect(rules.isRepeatable("tasks/get", undefined)).toBe(true);
    expect(rules.isRepeatable("tasks/follow", undefined)).toBe(false);
    expect(rules.isLongLived("tasks/follow")).toBe(true);
  });
});

it.each([
  ["subscriptions/listen", true],
  ["tools/call", false],
  [undefined, false],
])("%s stays open: %s", (method, expected) => {
  expect(createMethodRules({}).isLongLived(method)).toBe(expected);
});

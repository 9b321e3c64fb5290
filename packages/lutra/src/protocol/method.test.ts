import { expect, it } from "vitest";
import { mayRunTwice, nameOf } from "./method.ts";
import { callTool, listTools } from "./tools.ts";

it.each([
  ["the tool of a call", callTool, { name: "add" }, "add"],
  ["nothing where the parameter is absent", callTool, {}, undefined],
  ["nothing where the parameter is not a string", callTool, { name: 1 }, undefined],
  ["nothing for a method without a name", listTools, { name: "add" }, undefined],
  ["nothing for an unknown method", undefined, { name: "add" }, undefined],
])("names %s", (_what, method, params, expected) => {
  expect(nameOf(method, params)).toBe(expected);
});

it.each([
  ["a safe method", listTools, undefined, true],
  ["a tool without annotations", callTool, undefined, false],
  ["a read-only tool", callTool, { readOnlyHint: true }, true],
  ["an idempotent tool", callTool, { idempotentHint: true }, true],
  ["a tool that says it is neither", callTool, { readOnlyHint: false }, false],
  ["an unknown method", undefined, { readOnlyHint: true }, false],
])("decides whether %s may run twice", (_what, method, hints, expected) => {
  expect(mayRunTwice(method, hints)).toBe(expected);
});

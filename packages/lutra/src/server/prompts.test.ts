import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { JSONObject } from "../protocol/json.ts";
import { audio, image } from "./content.ts";
import { createServer } from "./create-server.ts";
import { ask } from "./fixtures/ask.ts";
import { definePrompt, type PromptDefinition } from "./prompts.ts";

const errors: unknown[] = [];

function serverOf(...prompts: readonly PromptDefinition[]) {
  errors.length = 0;
  const onError = (error: unknown) => void errors.push(error);
  return createServer({ name: "test", version: "1", prompts, onError });
}

const get = (prompt: PromptDefinition, args?: JSONObject) =>
  ask(serverOf(prompt), "prompts/get", { name: prompt.name, ...(args && { arguments: args }) });
const returning = (value: unknown) => definePrompt({ name: "p", get: () => value as string });

const review = definePrompt({
  name: "code_review",
  description: "Reviews code",
  arguments: { code: { required: true, description: "The code" }, language: { title: "Language" } },
  get: ({ code, language = "any" }) => `Review this ${language} code: ${code}`,
});

describe("server/prompts#getting-a-prompt", () => {
  it("arguments reach the handler", async () => {
    const result = await get(review, { code: "x", language: "py" });
    expect(result).toMatchObject({
      resultType: "complete",
      description: "Reviews code",
      messages: [{ role: "user", content: { type: "text", text: "Review this py code: x" } }],
    });
    const [message] = (await get(review, { code: "" })).messages as { content: unknown }[];
    expect(message?.content).toMatchObject({ text: "Review this any code: " });
  });

  const messages = [
    { role: "assistant", content: image("aGk=", "image/png") },
    {
      role: "user",
      content: { type: "resource", resource: { uri: "a:b", mimeType: "text/plain", text: "" } },
    },
  ] as const;

  it.each<[string, unknown, JSONObject]>([
    ["messages", messages, { messages }],
    ["no messages", [], { messages: [] }],
    ["messages with a description", { description: "D", messages }, { description: "D", messages }],
  ])("from %s", async (_what, value, expected) => {
    expect(await get(returning(value))).toMatchObject(expected);
  });

  it.each([
    ["text", { text: "" }, "text/plain"],
    ["a blob", { blob: "" }, "application/octet-stream"],
    ["text with a type", { text: "", mimeType: "text/markdown" }, "text/markdown"],
  ])("embedded resources MUST include a MIME type: %s", async (_what, contents, mimeType) => {
    const resource = { uri: "a:b", ...contents };
    const sent = [{ role: "user", content: { type: "resource", resource } }];
    expect(await get(returning(sent))).toMatchObject({
      messages: [{ content: { resource: { ...resource, mimeType } } }],
    });
  });

  it("has no description where none was given", async () => {
    expect(await get(returning("x"))).not.toHaveProperty("description");
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["a number", 1],
    ["a message without content", [{ role: "user" }]],
    ["a message without a role", [{ content: { type: "text", text: "" } }]],
    ["a message with an unknown role", [{ role: "system", content: { type: "text", text: "" } }]],
    ["an image that is not Base64", [{ role: "user", content: image("###", "image/png") }]],
    ["an image without a type", [{ role: "user", content: { type: "image", data: "" } }]],
    ["audio of nonsense", [{ role: "user", content: audio("", "nonsense") }]],
    ["content in a list", [{ role: "user", content: [{ type: "text", text: "" }] }]],
    ["a message that is null", [null]],
  ])("an invalid message is an internal error and not sent: %s", async (_what, value) => {
    await expect(get(returning(value))).rejects.toMatchObject({ code: -32603 });
    expect(errors).toEqual([expect.any(TypeError)]);
  });
});

it.each<[string, unknown, string]>([
  ["a number", 3, "expected text, a list of messages or { messages }, with messages"],
  ["an object without messages", {}, "expected text, a list of messages or { messages }"],
  ["a message that is text", ["hello"], "expected text, a list of messages or { messages }"],
  [
    "a message whose content is text",
    [{ role: "user", content: "hello" }],
    "messages[0]: expected a content block of the type text, image, ",
  ],
])("the reason of an invalid message is reported: %s", async (_what, value, message) => {
  await expect(get(returning(value))).rejects.toMatchObject({ code: -32603 });
  expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining(message) })]);
});

describe("server/prompts#error-handling", () => {
  it.each([
    ["another name", "other"],
    ["a name of the prototype", "toString"],
    ["an empty name", ""],
  ])("invalid prompt name: -32602: %s", async (_what, name) => {
    const answer = ask(serverOf(review), "prompts/get", { name });
    await expect(answer).rejects.toMatchObject({ code: -32602, status: 400 });
  });

  it.each<[string, JSONObject | undefined]>([
    ["none at all", undefined],
    ["another one", { language: "py" }],
    ["no arguments", {}],
  ])("missing required arguments: -32602: %s", async (_what, args) => {
    await expect(get(review, args)).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining("params.arguments.code"),
    });
  });

  it.each<[string, JSONObject]>([
    ["one", { code: "", other: "x" }],
    ["one of the prototype", JSON.parse('{"code":"","__proto__":"x"}')],
  ])("undeclared arguments: -32602: %s", async (_what, args) => {
    await expect(get(review, args)).rejects.toMatchObject({
      code: -32602,
      message: expect.stringMatching(/^params\.arguments\.(?:other|__proto__): unknown/),
    });
  });

  it("internal errors: -32603, masked and reported", async () => {
    const thrown = new Error("password=123");
    const prompt = definePrompt({ name: "p", get: () => Promise.reject(thrown) });
    const error = await get(prompt).catch((caught) => caught);
    expect(error.toWire()).toEqual({ code: -32603, message: "Internal error" });
    expect(errors).toEqual([thrown]);
  });
});

describe("server/prompts#listing-prompts", () => {
  it("shows what was declared, and nothing of the implementation", async () => {
    const shown = {
      name: "p",
      title: "P",
      description: "A prompt",
      icons: [{ src: "https://example.com/p.svg" }],
      _meta: { "com.example/a": 1 },
    } as const;
    const prompt = definePrompt({
      ...shown,
      arguments: {
        a: { title: "A", description: "First", required: true, complete: () => [] },
        b: {},
      },
      singleUse: true,
      get: () => "",
    });
    expect((await ask(serverOf(prompt), "prompts/list")).prompts).toEqual([
      {
        ...shown,
        arguments: [{ name: "a", title: "A", description: "First", required: true }, { name: "b" }],
      },
    ]);
  });

  it("a prompt without arguments has none to show", async () => {
    expect((await ask(serverOf(returning("")), "prompts/list")).prompts).toEqual([{ name: "p" }]);
  });
});

describe("a definition that makes no sense is a TypeError at once", () => {
  it.each<[string, JSONObject, string]>([
    ["no name", { name: "" }, "prompt name: expected a string of at least 1 character"],
    ["a name that is undefined", { name: undefined }, "prompt name: expected a string"],
    ["no function", { get: undefined }, "prompt p: get: expected a function"],
    ["an unsafe icon", { icons: [{ src: "file:///a.png" }] }, "prompt p: icons"],
    ["a misspelt option", { titel: "P" }, 'prompt p: titel: unknown option; did you mean "title"?'],
    [
      "a misspelt option of an argument",
      { arguments: { a: { requird: true } } },
      'prompt p: arguments.a: requird: unknown option; did you mean "required"?',
    ],
    [
      "a schema in place of the arguments",
      { arguments: z.object({ a: z.string() }) as never },
      "prompt p: arguments: expected the options of each argument by its name, not a schema, such as {",
    ],
    [
      "schemas in place of the options of arguments",
      { arguments: { a: z.string() } as never },
      "prompt p: arguments: expected the options of each argument by its name, not a schema, such as {",
    ],
    [
      "a list of arguments",
      { arguments: [{ name: "a" }] },
      "prompt p: arguments: expected the options of each argument by its name",
    ],
    [
      "an argument that is not described by an object",
      { arguments: { a: true } },
      "prompt p: arguments.a: expected an object",
    ],
  ])("%s", (_what, members, message) => {
    const definition = { ...returning(""), ...members } as unknown as PromptDefinition;
    for (const define of [() => serverOf(definition), () => definePrompt(definition as never)]) {
      expect(define).toThrow(TypeError);
      expect(define).toThrow(message);
    }
  });

  it("a name that is taken", () => {
    expect(() => serverOf(review, review)).toThrow(/declared twice/);
  });
});

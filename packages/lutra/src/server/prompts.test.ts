import { describe, expect, it } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import { image } from "./content.ts";
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
    { role: "user", content: { type: "resource", resource: { uri: "a:b", text: "" } } },
  ] as const;

  it.each<[string, unknown, JSONObject]>([
    ["messages", messages, { messages }],
    ["no messages", [], { messages: [] }],
    ["messages with a description", { description: "D", messages }, { description: "D", messages }],
  ])("from %s", async (_what, value, expected) => {
    expect(await get(returning(value))).toMatchObject(expected);
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
    ["content in a list", [{ role: "user", content: [{ type: "text", text: "" }] }]],
    ["a message that is null", [null]],
  ])("an invalid message is an internal error and not sent: %s", async (_what, value) => {
    await expect(get(returning(value))).rejects.toMatchObject({ code: -32603 });
    expect(errors).toEqual([expect.any(TypeError)]);
  });
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
    ["one of the prototype", JSON.parse('{"__proto__":"x"}')],
  ])("missing required arguments: -32602: %s", async (_what, args) => {
    await expect(get(review, args)).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining("params.arguments.code"),
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
  it.each<[string, JSONObject]>([
    ["no name", { name: "" }],
    ["no function", { get: undefined }],
  ])("%s", (_what, members) => {
    expect(() => serverOf({ ...returning(""), ...members } as unknown as PromptDefinition)).toThrow(
      TypeError,
    );
  });

  it("a name that is taken", () => {
    expect(() => serverOf(review, review)).toThrow(/declared twice/);
  });
});

import { describe, expect, it } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import type { Completer } from "./completion.ts";
import { createServer } from "./create-server.ts";
import { ask } from "./fixtures/ask.ts";
import { definePrompt } from "./prompts.ts";
import { defineResource, defineResourceTemplate } from "./resources.ts";

const errors: unknown[] = [];

function serverOf(complete: Completer) {
  errors.length = 0;
  return createServer({
    name: "test",
    version: "1",
    onError: (error) => void errors.push(error),
    prompts: [
      definePrompt({ name: "p", arguments: { language: { complete }, free: {} }, get: () => "" }),
    ],
    resources: [defineResource({ uri: "note://1", name: "note", read: () => "" })],
    resourceTemplates: [
      defineResourceTemplate({
        uriTemplate: "place://{country}/{city}",
        name: "place",
        complete: { city: complete },
        read: () => "",
      }),
    ],
  });
}

const prompt = { type: "ref/prompt", name: "p" };
const template = { type: "ref/resource", uri: "place://{country}/{city}" };

function complete(completer: Completer, params: JSONObject = {}) {
  const argument = { name: "language", value: "py" };
  return ask(serverOf(completer), "completion/complete", { ref: prompt, argument, ...params });
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

describe("server/utilities/completion#completion-results", () => {
  it.each<[string, ReturnType<Completer>, JSONObject]>([
    ["values", ["python", "pypy"], { values: ["python", "pypy"], total: 2, hasMore: false }],
    ["no values", [], { values: [], total: 0, hasMore: false }],
    ["a promise", Promise.resolve(["a"]), { values: ["a"], total: 1, hasMore: false }],
    [
      "values with a total",
      { values: ["a"], total: 10 },
      { values: ["a"], total: 10, hasMore: true },
    ],
    [
      "more of an unknown number",
      { values: ["a"], hasMore: true },
      { values: ["a"], hasMore: true },
    ],
    ["values by hand", { values: ["a"] }, { values: ["a"], total: 1, hasMore: false }],
    ["exactly 100", numbers(100), { values: numbers(100), total: 100, hasMore: false }],
    ["maximum 100 items", numbers(150), { values: numbers(100), total: 150, hasMore: true }],
    [
      "maximum 100 items, whatever is claimed",
      { values: numbers(150), hasMore: false },
      { values: numbers(100), total: 150, hasMore: true },
    ],
  ])("%s", async (_what, values, completion) => {
    expect((await complete(() => values)).completion).toEqual(completion);
  });

  it.each([
    ["NaN", { total: Number.NaN }],
    ["a part", { total: 1.5 }],
    ["negative", { total: -1 }],
    ["text", { total: "1" as never }],
  ])("a total that the schema refuses is an error: %s", async (_what, given) => {
    const completed = complete(() => ({ values: ["a"], ...given }));
    await expect(completed).rejects.toMatchObject({ code: -32603 });
  });

  it("hasMore is always true or false", async () => {
    const { completion } = await complete(() => ({ values: [], hasMore: "yes" as never }));
    expect(completion).toEqual({ values: [], hasMore: true });
  });

  it("the completer gets the value, the other arguments, the caller and a signal", async () => {
    let seen: unknown;
    const context = { arguments: { other: "x" } };
    await complete(
      (value, { arguments: args, principal, signal }) => {
        seen = [value, args, principal, signal.aborted];
        return [];
      },
      { context },
    );
    expect(seen).toEqual(["py", { other: "x" }, undefined, false]);
  });

  it("an argument without a completer has no suggestions", async () => {
    const argument = { name: "free", value: "" };
    const result = await complete(() => ["never"], { argument });
    expect(result.completion).toEqual({ values: [], total: 0, hasMore: false });
    const country = { ref: template, argument: { name: "country", value: "" } };
    expect((await complete(() => ["never"], country)).completion).toMatchObject({ values: [] });
  });
});

describe("server/utilities/completion#reference-types", () => {
  it("a resource template is referenced by its URI template", async () => {
    const argument = { name: "city", value: "L" };
    const result = await complete((value) => [`${value}yon`], { ref: template, argument });
    expect(result.completion).toMatchObject({ values: ["Lyon"] });
  });
});

describe("server/utilities/completion#reference-types: a URI", () => {
  const argument = { name: "city", value: "L" };
  const suggest = (uri: string) =>
    complete((value) => [`${value}yon`], { ref: { type: "ref/resource", uri }, argument });

  it("completes the variables of the template that it matches", async () => {
    expect((await suggest("place://fr/L")).completion).toMatchObject({ values: ["Lyon"] });
  });

  it("of a resource has no variables to complete", async () => {
    expect((await suggest("note://1")).completion).toMatchObject({ values: [] });
  });
});

describe("server/utilities/completion#error-handling", () => {
  it.each<[string, JSONObject]>([
    ["an unknown prompt", { ref: { type: "ref/prompt", name: "q" } }],
    ["a prompt of the prototype", { ref: { type: "ref/prompt", name: "valueOf" } }],
    ["an unknown template", { ref: { type: "ref/resource", uri: "a://{b}" } }],
    ["a URI that matches no template", { ref: { type: "ref/resource", uri: "place://fr" } }],
    ["an argument that the prompt has not", { argument: { name: "x", value: "" } }],
    ["an argument of the prototype", { argument: { name: "constructor", value: "" } }],
    [
      "a variable that the template has not",
      { ref: template, argument: { name: "language", value: "" } },
    ],
  ])("-32602: %s", async (_what, params) => {
    const answer = complete(() => [], params);
    await expect(answer).rejects.toMatchObject({ code: -32602, status: 400 });
  });

  it("method not found where nothing completes: -32601", async () => {
    const server = createServer({ name: "test", version: "1", prompts: [] });
    await expect(ask(server, "completion/complete")).rejects.toMatchObject({ code: -32601 });
  });

  it.each<[string, Completer]>([
    ["throws", () => Promise.reject(new Error("password=123"))],
    ["returns nothing", () => undefined as never],
    ["returns numbers", () => [1] as never],
  ])(
    "internal errors: -32603, masked and reported: a completer that %s",
    async (_what, completer) => {
      const error = await complete(completer).catch((caught) => caught);
      expect(error.toWire()).toEqual({ code: -32603, message: "Internal error" });
      expect(errors).toHaveLength(1);
    },
  );
});

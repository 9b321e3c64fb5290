import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import type { JSONObject } from "../protocol/json.ts";
import { createJSONSchemaValidator } from "./json-schema.ts";
import { compileInput, compileOutput } from "./schema.ts";
import { isStandardSchema, type Schema } from "./standard-schema.ts";

const validator = createJSONSchemaValidator();
const inputOf = (schema: Schema) => compileInput(schema, { validator });
const outputOf = (schema: Schema) => compileOutput(schema, { validator });

const properties = { city: { type: "string" }, days: { type: "integer", minimum: 1 } };
const plain = { type: "object", properties, required: ["city"] };

/** The same schema in every form that users may give it. */
const forms: readonly (readonly [string, Schema])[] = [
  ["a plain JSON Schema", plain],
  ["zod", z.object({ city: z.string(), days: z.int().min(1).optional() })],
  [
    "valibot",
    toStandardJsonSchema(
      v.object({
        city: v.string(),
        days: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
      }),
    ),
  ],
  ["arktype", type({ city: "string", "days?": "number.integer >= 1" })],
];

describe.each(forms)("%s", (_name, schema) => {
  const compiled = inputOf(schema);

  it("describes itself to the peer", () => {
    expect(compiled.jsonSchema).toMatchObject({ ...plain, properties });
    expect(() => JSON.stringify(compiled.jsonSchema)).not.toThrow();
  });

  it.each([[{ city: "Lyon" }], [{ city: "", days: 3 }]])("accepts %j", async (value) => {
    expect(await compiled.check(value)).toEqual({ value });
  });

  it.each([
    [{}, "city"],
    [{ city: 1 }, "city"],
    [{ city: "Lyon", days: 0 }, "days"],
    [{ city: "Lyon", days: 1.5 }, "days"],
    [null, ""],
    [[], ""],
    ["Lyon", ""],
  ])("refuses %j and says where", async (value, where) => {
    const checked = await compiled.check(value);
    expect(checked).toHaveProperty("problem", expect.stringContaining(where));
    expect(checked).not.toHaveProperty("value");
  });

  it("a key named __proto__ pollutes nothing", async () => {
    await compiled.check(JSON.parse('{"city":"Lyon","__proto__":{"polluted":true}}'));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe("schemas that convert", () => {
  const schema = z.object({ days: z.string().transform(Number).default(7) });

  it("show the peer their input and give the handler their output", async () => {
    const { jsonSchema, check } = inputOf(schema);
    expect(jsonSchema).toMatchObject({ properties: { days: { type: "string" } } });
    expect(await check({ days: "3" })).toEqual({ value: { days: 3 } });
    expect(await check({})).toEqual({ value: { days: 7 } });
  });

  it("that have no JSON for a side are refused when they are compiled", () => {
    expect(() => outputOf(schema)).toThrow();
    expect(() => inputOf(z.object({ at: z.date() }))).toThrow();
  });

  it("are refused for an output that no longer fits once JSON has changed it", async () => {
    const { check } = outputOf(z.array(z.string().optional()));
    expect(await check(["a"])).toEqual({ value: ["a"] });
    expect(await check([undefined])).toEqual({ problem: "0: expected string, got null" });
  });

  it("may take their time", async () => {
    const slow = z.object({ id: z.string().refine(async (id) => id !== "taken", "is taken") });
    const { check } = inputOf(slow);
    expect(await check({ id: "free" })).toEqual({ value: { id: "free" } });
    expect(await check({ id: "taken" })).toEqual({ problem: "id: is taken" });
  });
});

describe("zod schemas", () => {
  it("that refer to themselves are described by a reference, and checked at every depth", async () => {
    const node = z.object({
      name: z.string().min(1),
      get children() {
        return z.array(node).default([]);
      },
    });
    const { jsonSchema, check } = inputOf(node);
    expect(JSON.stringify(jsonSchema)).toContain('"$ref"');
    const tree = { name: "a", children: [{ name: "b", children: [{ name: "c" }] }] };
    const leaf = { name: "c", children: [] };
    expect(await check(tree)).toEqual({
      value: { name: "a", children: [{ name: "b", children: [leaf] }] },
    });
    const broken = await check({ name: "a", children: [{ name: "", children: [] }] });
    expect(broken).toHaveProperty("problem", expect.stringContaining("children"));
  });

  it("with refinements and defaults check what the JSON Schema can't say", async () => {
    const range = z
      .object({ from: z.int(), to: z.int().default(10) })
      .refine(({ from, to }) => from < to, "from: expected less than to");
    const { check } = inputOf(range);
    expect(await check({ from: 1 })).toEqual({ value: { from: 1, to: 10 } });
    const reversed = await check({ from: 11 });
    expect(reversed).toHaveProperty("problem", expect.stringContaining("expected less than to"));
  });
});

describe("an invalid schema", () => {
  it.each([
    ["null", null],
    ["true", true],
    ["text", "object"],
    ["a list", []],
    ["a function", () => true],
  ])("%s is a TypeError", (_what, schema) => {
    expect(() => inputOf(schema as never)).toThrow(TypeError);
  });

  it("valibot without its converter is told about it", () => {
    const bare = v.object({ city: v.string() });
    expect(isStandardSchema(bare)).toBe(false);
    expect(() => inputOf(bare as never)).toThrow(/toStandardJsonSchema/);
  });

  it("a JSON Schema that the validator refuses is refused", () => {
    const schema = { $schema: "http://json-schema.org/draft-04/schema#" };
    expect(() => inputOf(schema)).toThrow(/not supported/);
  });
});

describe("the validator of choice", () => {
  it("compiles plain JSON Schemas, and only those", () => {
    const seen: unknown[] = [];
    const own = (schema: object) => {
      seen.push(schema);
      return (value: unknown) => (value === 1 ? undefined : "not 1");
    };
    const compiled = compileInput({ const: 1 }, { validator: own });
    compileInput(z.object({}), { validator: own });
    expect(seen).toEqual([{ const: 1 }]);
    expect(compiled.check(1)).toEqual({ value: 1 });
    expect(compiled.check(2)).toEqual({ problem: "not 1" });
  });
});

it("lists no more than three problems of a library's schema", async () => {
  const schema = z.object(Object.fromEntries("abcde".split("").map((name) => [name, z.string()])));
  const checked = await inputOf(schema).check({});
  expect(checked).toHaveProperty(
    "problem",
    expect.stringMatching(/^a: [^;]+; b: [^;]+; c: [^;]+$/),
  );
});

describe("the work for values from a client is bounded", () => {
  const calls: unknown[] = [];
  /** A Standard Schema that records what it is asked to validate. */
  const recording = (jsonSchema: JSONObject): Schema => ({
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => {
        calls.push(value);
        return { value };
      },
      jsonSchema: { input: () => jsonSchema, output: () => jsonSchema },
    },
  });
  const numbers = (length: number) => Array.from({ length }, (_, index) => index);
  const schema = recording({ type: "array", items: { type: "number" } });

  beforeEach(() => {
    calls.length = 0;
  });

  it("a library receives a large value only if it fits its JSON Schema", async () => {
    const wrong = [...numbers(2000), "x"];
    expect(await inputOf(schema).check(wrong)).toEqual({
      problem: "2000: expected number, got string",
    });
    expect(calls).toEqual([]);
    expect(await inputOf(schema).check(["x"])).toEqual({ value: ["x"] });
    const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    expect(await inputOf(schema).check(deep)).toHaveProperty("problem");
    expect(calls).toEqual([["x"]]);
  });

  it("refuses a large value whose JSON Schema can't be applied", async () => {
    const remote = recording({ $ref: "https://example.com/schema" });
    const { check } = inputOf(remote);
    expect(await check(numbers(10))).toHaveProperty("value");
    expect(await check(numbers(2000))).toHaveProperty(
      "problem",
      expect.stringMatching(/^its JSON Schema can't be applied: .* is not in this schema$/),
    );
  });

  it("shortens the problems of a library", async () => {
    const long = "x".repeat(100_000);
    const strict = z.strictObject({});
    const checked = await inputOf(strict).check({ [long]: 1 });
    expect((checked as { problem: string }).problem.length).toBeLessThan(2000);
    const nested = await inputOf(z.record(z.string(), z.number())).check({ [long]: "" });
    expect((nested as { problem: string }).problem.length).toBeLessThan(2000);
  });
});

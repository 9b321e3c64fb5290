import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { createJSONSchemaValidator } from "./json-schema.ts";
import { compileSchema, isStandardSchema, type Schema } from "./schema.ts";

const validator = createJSONSchemaValidator();

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
  const compiled = compileSchema(schema, "input", validator);

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
    const { jsonSchema, check } = compileSchema(schema, "input", validator);
    expect(jsonSchema).toMatchObject({ properties: { days: { type: "string" } } });
    expect(await check({ days: "3" })).toEqual({ value: { days: 3 } });
    expect(await check({})).toEqual({ value: { days: 7 } });
  });

  it("that have no JSON for a side are refused when they are compiled", () => {
    expect(() => compileSchema(schema, "output", validator)).toThrow();
    expect(() => compileSchema(z.object({ at: z.date() }), "input", validator)).toThrow();
  });

  it("may take their time", async () => {
    const slow = z.object({ id: z.string().refine(async (id) => id !== "taken", "is taken") });
    const { check } = compileSchema(slow, "input", validator);
    expect(await check({ id: "free" })).toEqual({ value: { id: "free" } });
    expect(await check({ id: "taken" })).toEqual({ problem: "id: is taken" });
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
    expect(() => compileSchema(schema as never, "input", validator)).toThrow(TypeError);
  });

  it("valibot without its converter is told about it", () => {
    const bare = v.object({ city: v.string() });
    expect(isStandardSchema(bare)).toBe(false);
    expect(() => compileSchema(bare as never, "input", validator)).toThrow(/toStandardJsonSchema/);
  });

  it("a JSON Schema that the validator refuses is refused", () => {
    const schema = { $schema: "http://json-schema.org/draft-04/schema#" };
    expect(() => compileSchema(schema, "input", validator)).toThrow(/not supported/);
  });
});

describe("the validator of choice", () => {
  it("compiles plain JSON Schemas, and only those", () => {
    const seen: unknown[] = [];
    const own = (schema: object) => {
      seen.push(schema);
      return (value: unknown) => (value === 1 ? undefined : "not 1");
    };
    const compiled = compileSchema({ const: 1 }, "input", own);
    compileSchema(z.object({}), "input", own);
    expect(seen).toEqual([{ const: 1 }]);
    expect(compiled.check(1)).toEqual({ value: 1 });
    expect(compiled.check(2)).toEqual({ problem: "not 1" });
  });
});

it("lists no more than three problems of a library's schema", async () => {
  const schema = z.object(Object.fromEntries("abcde".split("").map((name) => [name, z.string()])));
  const checked = await compileSchema(schema, "input", validator).check({});
  expect(checked).toHaveProperty(
    "problem",
    expect.stringMatching(/^a: [^;]+; b: [^;]+; c: [^;]+$/),
  );
});

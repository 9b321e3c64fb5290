import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import { ProtocolError } from "../protocol/errors.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import type { Schema, StandardSchema } from "../schema/standard-schema.ts";
import { audio, image } from "./content.ts";
import { createServer } from "./create-server.ts";
import { type AskOptions, ask } from "./fixtures/ask.ts";
import { ToolError, toolResult } from "./results.ts";
import { defineTool, type ToolDefinition } from "./tools.ts";

const errors: unknown[] = [];

function serverOf(...tools: readonly ToolDefinition[]) {
  errors.length = 0;
  const onError = (error: unknown) => void errors.push(error);
  return createServer({ name: "test", version: "1", tools, onError });
}

/** Calls the one tool of a server. */
function call(tool: ToolDefinition, args?: JSONObject, options?: AskOptions): Promise<Result> {
  const params = { name: tool.name, ...(args && { arguments: args }) };
  return ask(serverOf(tool), "tools/call", params, options);
}

/** A tool that returns what it is given here. */
const returning = (value: unknown) => defineTool({ name: "t", call: () => value as string });
const structured = (outputSchema: Schema, value: unknown) =>
  defineTool({ name: "t", outputSchema, call: () => value as never });

const internalError = { isError: true, content: [{ type: "text", text: "Internal error" }] };

/** A schema of objects with this conversion. */
const converting = (validate: () => never | Promise<never>): StandardSchema => {
  const json = () => ({ type: "object" });
  return {
    "~standard": {
      version: 1,
      vendor: "test",
      validate,
      jsonSchema: { input: json, output: json },
    },
  };
};

describe("server/tools#error-handling", () => {
  const add = defineTool({
    name: "add",
    inputSchema: z.object({ a: z.number(), b: z.number() }),
    call: ({ a, b }) => String(a + b),
  });

  it.each([
    ["another name", "sub"],
    ["another case", "Add"],
    ["a name of the prototype", "constructor"],
    ["an empty name", ""],
    ["a very long name", "x".repeat(1_000_000)],
  ])("an unknown tool is a protocol error, -32602: %s", async (_what, name) => {
    const answer = ask(serverOf(add), "tools/call", { name });
    await expect(answer).rejects.toMatchObject({ code: -32602, status: 400 });
    await expect(answer).rejects.toThrow(/^Unknown tool: /);
  });

  it.each([
    ["missing", {}, "a: "],
    ["of another type", { a: "1", b: 2 }, "a: "],
    ["null", { a: null, b: 2 }, "a: "],
  ])("an invalid argument is a tool execution error: %s", async (_what, args, where) => {
    const result = await call(add, args);
    expect(result).toMatchObject({ resultType: "complete", isError: true });
    expect(result.content).toEqual([
      { type: "text", text: expect.stringContaining(`Invalid arguments: ${where}`) },
    ]);
    expect(errors).toEqual([]);
  });

  it("nothing runs for invalid arguments", async () => {
    let ran = false;
    const tool = defineTool({
      name: "t",
      inputSchema: { type: "object", required: ["a"] },
      call: () => {
        ran = true;
        return "";
      },
    });
    await call(tool, {});
    expect(ran).toBe(false);
  });

  it("a ToolError is told to the model", async () => {
    const message = "Invalid departure date: must be in the future";
    const tool = defineTool({
      name: "t",
      call: () => {
        throw new ToolError(message);
      },
    });
    const result = await call(tool);
    expect(result).toMatchObject({ isError: true, content: [{ type: "text", text: message }] });
    expect(errors).toEqual([]);
  });

  it("a ToolError has content of its own where it was given", async () => {
    const content = [image("aGk=", "image/png")];
    const tool = defineTool({
      name: "t",
      call: () => Promise.reject(new ToolError("no", content)),
    });
    expect((await call(tool)).content).toEqual(content);
  });

  it.each([
    ["at once", (refuse: () => never) => refuse],
    ["later", (refuse: () => never) => async () => refuse()],
  ])("a ToolError is told that the conversion of a schema throws %s", async (_when, conversion) => {
    const refuse = conversion(() => {
      throw new ToolError("no such day");
    });
    const output = defineTool({
      name: "t",
      outputSchema: converting(refuse),
      call: () => ({ day: 31 }),
    });
    const input = defineTool({ name: "t", inputSchema: converting(refuse), call: () => "" });
    const told = { isError: true, content: [{ type: "text", text: "no such day" }] };
    expect(await call(output)).toMatchObject(told);
    expect(await call(input, { day: 31 })).toMatchObject(told);
    expect(errors).toEqual([]);
  });

  it("another error of the conversion of a schema is masked", async () => {
    const schema = converting(() => {
      throw new Error("password=123");
    });
    const output = defineTool({ name: "t", outputSchema: schema, call: () => ({ day: 31 }) });
    const error = await call(output).catch((caught) => caught);
    expect(error.toWire()).toEqual({ code: -32603, message: "Internal error" });
    const input = defineTool({ name: "t", inputSchema: schema, call: () => "" });
    expect(await call(input, { day: 31 })).toMatchObject(internalError);
  });

  it("a ToolError of another copy of the package is told, too", async () => {
    const foreign = Object.assign(new Error("no"), {
      [Symbol.for("lutra.ToolError")]: true,
      content: [{ type: "text", text: "no" }],
    });
    const tool = defineTool({ name: "t", call: () => Promise.reject(foreign) });
    expect(await call(tool)).toMatchObject({ isError: true });
  });

  it.each([
    ["an error", new Error("password=123")],
    ["a string", "password=123"],
    ["undefined", undefined],
    ["an error that looks like a protocol error", { code: -32602, message: "password=123" }],
  ])(
    "errors that originate from the tool SHOULD have isError, masked: %s",
    async (_what, thrown) => {
      const tool = defineTool({ name: "t", call: () => Promise.reject(thrown) });
      expect(await call(tool)).toMatchObject(internalError);
      expect(errors).toEqual([thrown]);
    },
  );

  it.each<[string, unknown, string]>([
    ["an error", new Error("no such table"), "no such table"],
    ["a string", "no such table", "no such table"],
    ["undefined", undefined, "undefined"],
  ])("exposeErrors sends the message of %s", async (_what, thrown, text) => {
    const tools = [defineTool({ name: "t", call: () => Promise.reject(thrown) })];
    const server = createServer({
      name: "test",
      version: "1",
      tools,
      exposeErrors: true,
      onError: () => {},
    });
    const result = await ask(server, "tools/call", { name: "t" });
    expect(result).toMatchObject({ isError: true, content: [{ type: "text", text }] });
  });

  it("an error after the cancellation of a request is not a result", async () => {
    const controller = new AbortController();
    const tool = defineTool({
      name: "t",
      call: () => {
        controller.abort();
        throw new Error("late");
      },
    });
    const answer = ask(serverOf(tool), "tools/call", { name: "t" }, { signal: controller.signal });
    await expect(answer).rejects.toMatchObject({ code: -32603 });
  });

  it("a ProtocolError goes to the client as it is", async () => {
    const thrown = new ProtocolError("invalidParams", "no such trip", { data: { trip: 1 } });
    const tool = defineTool({ name: "t", call: () => Promise.reject(thrown) });
    await expect(call(tool)).rejects.toBe(thrown);
    expect(errors).toEqual([]);
  });

  it("an error that another server sent is none of this server's own: it is masked", async () => {
    const thrown = ProtocolError.fromWire({ code: -32020, message: "Header mismatch: secret" });
    const tool = defineTool({ name: "t", call: () => Promise.reject(thrown) });
    expect(await call(tool)).toMatchObject(internalError);
    expect(errors).toEqual([thrown]);
  });
});

describe("server/tools#tool: arguments", () => {
  it("a tool without a schema accepts only empty objects", async () => {
    const tool = returning("ok");
    expect(await call(tool)).toMatchObject({ content: [{ type: "text", text: "ok" }] });
    expect(await call(tool, {})).not.toHaveProperty("isError");
    expect(await call(tool, { a: 1 })).toMatchObject({ isError: true });
  });

  it.each<[string, Schema]>([
    ["zod", z.object({ city: z.string(), days: z.number().default(7) })],
    [
      "valibot",
      toStandardJsonSchema(v.object({ city: v.string(), days: v.optional(v.number(), 7) })),
    ],
    ["arktype", type({ city: "string", days: "number = 7" })],
    [
      "JSON Schema",
      { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    ],
  ])("the handler gets what %s makes of them", async (name, inputSchema) => {
    let seen: unknown;
    const tool = defineTool({
      name: "t",
      inputSchema,
      call: (args) => {
        seen = args;
        return "";
      },
    });
    expect(await call(tool, { city: 1 })).toMatchObject({ isError: true });
    expect(seen).toBeUndefined();
    await call(tool, { city: "Lyon" });
    expect(seen).toEqual(name === "JSON Schema" ? { city: "Lyon" } : { city: "Lyon", days: 7 });
  });

  const recursive = z.object({
    city: z.string(),
    get near() {
      return z.array(recursive).optional();
    },
  });

  it.each<[string, Schema, JSONObject]>([
    [
      "a union",
      z.union([z.object({ city: z.string() }), z.object({ zip: z.number() })]),
      { anyOf: [{ type: "object" }, { type: "object" }] },
    ],
    [
      "a discriminated union",
      z.discriminatedUnion("by", [
        z.object({ by: z.literal("city"), city: z.string() }),
        z.object({ by: z.literal("zip"), zip: z.number() }),
      ]),
      { oneOf: [{ type: "object" }, { type: "object" }] },
    ],
    [
      "a variant of valibot",
      toStandardJsonSchema(
        v.variant("by", [
          v.object({ by: v.literal("city"), city: v.string() }),
          v.object({ by: v.literal("zip"), zip: v.number() }),
        ]),
      ),
      { oneOf: [{ type: "object" }, { type: "object" }] },
    ],
    [
      "zod's object with a refinement, which the schema can't show",
      z
        .object({ by: z.string(), city: z.unknown() })
        .refine(({ city }) => city === "Lyon", "expected Lyon"),
      { required: ["by", "city"] },
    ],
    [
      "a recursive schema of zod",
      recursive,
      { properties: { city: { type: "string" }, near: { items: { $ref: "#" } } } },
    ],
    [
      "zod/mini's object",
      mini.toJSONSchema(mini.object({ city: mini.string() })) as Schema,
      { properties: { city: { type: "string" } } },
    ],
  ])("may be described by %s", async (_what, inputSchema, listed) => {
    const seen: unknown[] = [];
    const tool = defineTool({ name: "t", inputSchema, call: (args) => String(seen.push(args)) });
    const { tools } = await ask(serverOf(tool), "tools/list");
    expect(tools).toMatchObject([{ inputSchema: { type: "object", ...listed } }]);
    expect(await call(tool, { by: "city", city: 1 })).toMatchObject({ isError: true });
    expect(await call(tool, { by: "city", city: "Lyon" })).not.toHaveProperty("isError");
    expect(seen).toEqual([expect.objectContaining({ city: "Lyon" })]);
  });

  it("keys named __proto__ and constructor pollute nothing", async () => {
    let seen: object = {};
    const tool = defineTool({
      name: "t",
      inputSchema: { type: "object" },
      call: (args) => {
        seen = args;
        return "";
      },
    });
    const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    await call(tool, JSON.parse(text));
    expect(JSON.stringify(seen)).toBe(text);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it("arguments of any depth and size are answered", async () => {
    const tool = defineTool({
      name: "t",
      inputSchema: { type: "object", properties: { a: { $ref: "#" } } },
      call: () => "ok",
    });
    const depth = 100_000;
    const deep = JSON.parse(`${'{"a":'.repeat(depth)}{}${"}".repeat(depth)}`);
    expect(await call(tool, deep)).toMatchObject({ isError: true });
    expect(await call(tool, { b: "x".repeat(4_000_000) })).not.toHaveProperty("isError");
  });
});

describe("server/tools#tool-result", () => {
  const link = { type: "resource_link", uri: "file:///main.rs", name: "main.rs" } as const;
  const annotations = { audience: ["user"], priority: 0.9 } as const;
  const resource = {
    type: "resource",
    resource: { uri: "a:b", text: "", mimeType: "a/b" },
  } as const;

  it.each<[string, unknown, unknown]>([
    ["text", "hello", [{ type: "text", text: "hello" }]],
    ["nothing", undefined, []],
    [
      "a block",
      { type: "text", text: "a", annotations },
      [{ type: "text", text: "a", annotations }],
    ],
    [
      "an image",
      image(new Uint8Array([104, 105]), "image/png"),
      [{ type: "image", data: "aGk=", mimeType: "image/png" }],
    ],
    ["audio", audio("aGk=", "audio/wav"), [{ type: "audio", data: "aGk=", mimeType: "audio/wav" }]],
    ["blocks", [link, resource], [link, resource]],
    ["no blocks", [], []],
    ["a result by hand", toolResult({ content: [link] }), [link]],
  ])("unstructured content from %s", async (_what, value, content) => {
    const result = await call(returning(value));
    expect(result.content).toEqual(content);
    expect(result).not.toHaveProperty("isError");
    expect(result).not.toHaveProperty("structuredContent");
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["a number", 42],
    ["an object without a type", { text: "a" }],
    ["text that is a number", { type: "text", text: 1 }],
    ["an image that is not Base64", { type: "image", data: "###", mimeType: "image/png" }],
    ["an image without a type", { type: "image", data: "aGk=" }],
    ["an image of nonsense", { type: "image", data: "aGk=", mimeType: "nonsense" }],
    ["audio of nonsense", { type: "audio", data: "aGk=", mimeType: "audio/" }],
    ["audio that is not Base64", { type: "audio", data: "a", mimeType: "audio/wav" }],
    ["audio that is bytes", { type: "audio", data: new Uint8Array(), mimeType: "audio/wav" }],
    ["a resource without contents", { type: "resource" }],
    ["a resource without a URI", { type: "resource", resource: { text: "" } }],
    [
      "a resource with a blob that is not Base64",
      { type: "resource", resource: { uri: "a:b", blob: "#" } },
    ],
    [
      "a resource of nonsense",
      { type: "resource", resource: { uri: "a:b", text: "", mimeType: "text plain" } },
    ],
    ["a link without a URI", { type: "resource_link", name: "a" }],
    ["a link without a name", { type: "resource_link", uri: "a:b" }],
    ["a block of a type that does not exist", { type: "video", data: "" }],
    ["a list in a list", [[{ type: "text", text: "" }]]],
    ["a list with a hole", Object.assign([], { 1: { type: "text", text: "" } })],
    ["isError that is text", toolResult({ content: [], isError: "yes" as never })],
    ["_meta that is text", toolResult({ content: [], _meta: "x" as never })],
    ["_meta that JSON changes", toolResult({ content: [], _meta: { toJSON: () => 5 } })],
  ])("invalid content is an internal error and not sent: %s", async (_what, value) => {
    await expect(call(returning(value))).rejects.toMatchObject({ code: -32603 });
    expect(errors).toEqual([expect.any(TypeError)]);
  });

  it("the content of a ToolError is checked, too", async () => {
    const content = [{ type: "image", data: "###", mimeType: "image/png" }] as const;
    const tool = defineTool({
      name: "t",
      call: () => Promise.reject(new ToolError("no", content)),
    });
    await expect(call(tool)).rejects.toMatchObject({ code: -32603 });
  });

  it.each<[string, ToolDefinition, string]>([
    [
      "an object, as other SDKs return it",
      returning({ content: [{ type: "text", text: "" }] }),
      "content[0]: expected a content block of the type text, image, audio, resource_link, resource; return text, content blocks or toolResult({ content }), or define an outputSchema",
    ],
    [
      "structured content without a schema",
      returning({ sum: 3 }),
      "content[0]: expected a content block of the type text, image, audio, resource_link, resource; return text, content blocks or toolResult({ content }), or define an outputSchema",
    ],
    [
      "a block whose type is a list",
      returning({ type: ["text"], text: "" }),
      "content[0]: expected a content block of the type text, image, audio, resource_link, resource; return text, content blocks or toolResult({ content }), or define an outputSchema",
    ],
    [
      "a block that lacks a member",
      returning({ type: "text" }),
      "content[0]: text: expected a string",
    ],
    [
      "a complete result in place of structured content",
      structured(z.object({ sum: z.number() }), { content: [], structuredContent: { sum: 1 } }),
      "structuredContent: sum: Invalid input: expected number, received undefined; pass a complete result to toolResult()",
    ],
    [
      "NaN",
      structured({ type: "object" }, { a: [{ mean: Number.NaN }] }),
      "structuredContent: mean: expected a finite number, got NaN",
    ],
    [
      "NaN without a schema",
      returning(toolResult({ structuredContent: { mean: Number.NaN } })),
      "structuredContent: mean: expected a finite number, got NaN",
    ],
    [
      "a bigint without a schema",
      returning(toolResult({ structuredContent: 1n })),
      "structuredContent: Do not know how to serialize a BigInt",
    ],
  ])("the reason of an invalid result is reported: %s", async (_what, tool, message) => {
    await expect(call(tool)).rejects.toMatchObject({ code: -32603 });
    expect(errors).toEqual([new TypeError(message)]);
  });

  it("_meta is passed through, in addition to the server's own", async () => {
    const _meta = { "com.example/trace": [1] };
    const result = await call(returning(toolResult({ content: [], _meta })));
    expect(result._meta).toEqual({
      "io.modelcontextprotocol/serverInfo": { name: "test", version: "1" },
      ..._meta,
    });
  });

  it("isError by hand is sent as it is", async () => {
    const result = await call(returning(toolResult({ content: [], isError: true })));
    expect(result).toMatchObject({ isError: true, content: [] });
  });

  it("images of any size are checked without running out of stack", async () => {
    const result = await call(returning(image(new Uint8Array(24_000_000), "image/png")));
    expect((result.content as { data: string }[])[0]?.data).toHaveLength(32_000_000);
  });
});

describe("server/tools#structured-content", () => {
  it.each<[string, Schema, unknown]>([
    ["an object", { type: "object" }, { a: 1 }],
    ["an array", { type: "array", items: { type: "number" } }, [1, 2]],
    ["an empty array", { type: "array" }, []],
    ["a string", { type: "string" }, "a"],
    ["a number", { type: "number" }, 0],
    ["false", { type: "boolean" }, false],
    ["null", { type: "null" }, null],
    ["zod's array", z.array(z.number()), [1]],
    ["zod's null", z.null(), null],
    ["valibot's object", toStandardJsonSchema(v.object({ a: v.number() })), { a: 1 }],
    ["arktype's string", type("string"), "a"],
  ])("can be any JSON value: %s", async (_what, schema, value) => {
    const result = await call(structured(schema, value));
    expect(result.structuredContent).toEqual(value);
    expect(result).toHaveProperty("structuredContent");
  });

  it("SHOULD also be returned as serialized JSON in a TextContent block", async () => {
    const value = { temperature: 22.5, conditions: ["Partly cloudy"] };
    const result = await call(structured({ type: "object" }, value));
    expect(result.content).toEqual([{ type: "text", text: JSON.stringify(value) }]);
    const none = await call(structured({ type: "null" }, null));
    expect(none.content).toEqual([{ type: "text", text: "null" }]);
  });

  it("has content of its own where it was given", async () => {
    const content = [{ type: "text", text: "Found 2 users" }] as const;
    const value = toolResult({ content, structuredContent: [1, 2] });
    const result = await call(structured({ type: "array" }, value));
    expect(result).toMatchObject({ content, structuredContent: [1, 2] });
  });

  it("is well-formed text, also in the text block", async () => {
    const result = await call(structured({ type: "string" }, "a\ud83d"));
    expect(result.content).toEqual([{ type: "text", text: '"a\ufffd"' }]);
  });

  it("needs no schema when it is made by hand", async () => {
    const result = await call(returning(toolResult({ structuredContent: { a: 1 } })));
    expect(result).toMatchObject({
      content: [{ type: "text", text: '{"a":1}' }],
      structuredContent: { a: 1 },
    });
  });
});

describe("server/tools#output-schema: servers MUST provide structured results that conform", () => {
  it.each<[string, Schema, unknown]>([
    ["another type", { type: "object" }, "text"],
    ["a member that is missing", { type: "object", required: ["a"] }, {}],
    ["nothing", { type: "object" }, undefined],
    ["nothing by hand", { type: "object" }, toolResult({ content: [] })],
    ["something else by hand", { type: "object" }, toolResult({ structuredContent: [] })],
    ["what zod refuses", z.object({ a: z.number() }), { a: "1" }],
    ["what valibot refuses", toStandardJsonSchema(v.object({ a: v.number() })), { a: "1" }],
    ["what arktype refuses", type({ a: "number" }), { a: "1" }],
    ["a bigint", { type: "number" }, 1n],
    ["a value that JSON omits", {}, () => {}],
    ["NaN", { properties: { a: { type: "number" } } }, { a: Number.NaN }],
    ["infinity in a list", { items: { type: "number" } }, [Number.POSITIVE_INFINITY]],
    ["a required member that is undefined", { required: ["a"] }, { a: undefined }],
    ["a required member deep inside", { items: { required: ["a"] } }, [{ a: undefined }]],
    ["NaN where the schema allows null", { type: ["number", "null"] }, Number.NaN],
    ["a hole, which JSON makes null", { items: { type: "number" } }, new Array(1)],
    ["a Date, which JSON makes text", { type: "object" }, new Date(0)],
    ["what toJSON makes of it", { type: "object" }, { toJSON: () => 5 }],
    [
      "infinity that valibot accepts",
      toStandardJsonSchema(v.object({ a: v.number() })),
      { a: Number.POSITIVE_INFINITY },
    ],
    ["undefined that zod accepts", z.any(), undefined],
  ])("a result that does not is masked and reported: %s", async (_what, schema, value) => {
    const error = await call(structured(schema, value)).catch((caught) => caught);
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.toWire()).toEqual({ code: -32603, message: "Internal error" });
    expect(errors).toHaveLength(1);
  });

  it.each<[string, Schema, unknown, unknown]>([
    ["undefined members", { properties: { x: { type: "number" } } }, { x: undefined }, {}],
    ["Dates", { type: "string" }, new Date(0), "1970-01-01T00:00:00.000Z"],
    ["toJSON", { type: "object", required: ["a"] }, { toJSON: () => ({ a: 1 }) }, { a: 1 }],
    ["undefined members of zod", z.object({ x: z.number().optional() }), { x: undefined }, {}],
  ])("a result is sent in the form that JSON gives it: %s", async (_what, schema, value, sent) => {
    const result = await call(structured(schema, value));
    expect(result.structuredContent).toStrictEqual(sent);
  });

  it("an error need not conform", async () => {
    const value = toolResult({ content: [], isError: true });
    expect(await call(structured({ type: "object" }, value))).toMatchObject({ isError: true });
  });

  it("says where in the report", async () => {
    await call(structured({ properties: { a: { type: "number" } } }, { a: "1" })).catch(() => {});
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringMatching(/a: /) })]);
  });
});

describe("server/tools#tool-names", () => {
  const warnedBy = (name: string) => {
    const warnings: string[] = [];
    const onWarning = (message: string) => void warnings.push(message);
    const tools = [defineTool({ name, call: () => "" })];
    createServer({ name: "test", version: "1", tools, onWarning });
    return warnings;
  };

  it.each(["get user", "a,b", "files/read", "naïve"])(
    "other characters are a warning: %s",
    (name) => {
      expect(warnedBy(name)).toEqual([expect.stringContaining(`tool ${name}: `)]);
    },
  );

  it("the allowed characters are letters, digits and _-.", () => {
    expect(warnedBy("Get_user-2.1")).toEqual([]);
  });
});

describe("server/tools#listing-tools", () => {
  it("shows what was declared, and nothing of the implementation", async () => {
    const definition = {
      name: "t",
      title: "T",
      description: "A tool",
      icons: [{ src: "https://example.com/t.png", sizes: ["48x48"], theme: "dark" }],
      annotations: { readOnlyHint: true, title: "T" },
      _meta: { "com.example/a": 1 },
    } as const;
    const tool = defineTool({
      ...definition,
      inputSchema: { $schema: "http://json-schema.org/draft-07/schema#", type: "object" },
      outputSchema: { type: "array" },
      requires: { sampling: {} },
      singleUse: true,
      call: () => [],
    });
    const { tools } = await ask(serverOf(tool), "tools/list");
    expect(tools).toEqual([
      {
        ...definition,
        inputSchema: { $schema: "http://json-schema.org/draft-07/schema#", type: "object" },
        outputSchema: { type: "array" },
      },
    ]);
  });

  it("for tools with no parameters: an explicitly empty object", async () => {
    const { tools } = await ask(serverOf(returning("")), "tools/list");
    expect(tools).toEqual([
      { name: "t", inputSchema: { type: "object", additionalProperties: false } },
    ]);
  });

  it("schemas of libraries keep their annotations", async () => {
    const region = z.string().meta({ "x-mcp-header": "Region" });
    const tool = defineTool({ name: "t", inputSchema: z.object({ region }), call: () => "" });
    const { tools } = await ask(serverOf(tool), "tools/list");
    expect(tools).toMatchObject([
      { inputSchema: { properties: { region: { type: "string", "x-mcp-header": "Region" } } } },
    ]);
  });
});

describe("a definition that makes no sense is a TypeError at once", () => {
  it.each<[string, JSONObject, string]>([
    ["no name", { name: "" }, "tool name: expected 1 to 128 characters, got"],
    ["a name that is too long", { name: "x".repeat(129) }, "tool name"],
    ["a name that is undefined", { name: undefined }, "tool name: "],
    [
      "an input schema that is not an object",
      { inputSchema: { type: "array" } },
      "tool t: inputSchema: expected a schema of objects",
    ],
    [
      "a union with a member that is not an object",
      { inputSchema: z.union([z.object({}), z.string()]) },
      "tool t: inputSchema: expected a schema of objects",
    ],
    [
      "an input schema of text",
      { inputSchema: "object" },
      "tool t: inputSchema: expected a schema, such as z.object({ ... }), or a JSON Schema",
    ],
    ["an input schema that is null", { inputSchema: null }, "tool t: inputSchema: expected"],
    [
      "an input schema that is an object of schemas",
      { inputSchema: { n: z.number() } },
      "tool t: inputSchema: expected one schema, got an object of schemas; wrap it in z.object({ ... })",
    ],
    [
      "an output schema of zod/mini",
      { outputSchema: mini.object({}) },
      "tool t: outputSchema: this schema of zod offers no JSON Schema; use zod 4.2 or newer; for zod/mini, pass z.toJSONSchema(schema)",
    ],
    [
      "an input schema with a type that JSON lacks",
      { inputSchema: z.object({ a: z.string(), when: z.date() }) },
      "tool t: inputSchema.when: Date cannot be represented in JSON Schema; describe the value as JSON carries it",
    ],
    [
      "an output schema with a type that JSON lacks",
      { outputSchema: z.bigint() },
      "tool t: outputSchema: BigInt cannot be represented in JSON Schema",
    ],
    [
      "a misspelt option",
      { inputSchem: z.object({}) },
      'tool t: inputSchem: unknown option; did you mean "inputSchema"?',
    ],
    [
      "an option of another framework",
      { parameters: z.object({}) },
      "tool t: parameters: unknown option, expected one of name, title, description, ",
    ],
    [
      "a setting of an extension that is not listed",
      { task: "required" },
      "tool t: task: unknown option, expected one of name, title, description, icons, annotations, _meta, inputSchema, outputSchema, scopes, requires, singleUse, call; to use a setting of an extension, list the extension in createServer, for example extensions: [tasks()]",
    ],
    [
      "a dialect that is not supported",
      { inputSchema: { $schema: "http://json-schema.org/draft-04/schema#", type: "object" } },
      "tool t: JSON Schema: the dialect",
    ],
    [
      "a network reference",
      { inputSchema: { type: "object", properties: { a: { $ref: "https://example.com/a" } } } },
      "tool t: JSON Schema: #/properties/a: $ref",
    ],
    [
      "an annotation on a number",
      {
        inputSchema: { type: "object", properties: { a: { type: "number", "x-mcp-header": "A" } } },
      },
      "tool t: x-mcp-header at a",
    ],
    [
      "an output schema that is not valid",
      { outputSchema: { type: "text" } },
      "tool t: JSON Schema",
    ],
    ["no function", { call: undefined }, "tool t: call"],
    ["an unsafe icon", { icons: [{ src: "javascript:alert(1)" }] }, "tool t: "],
  ])("%s", (_what, members, message) => {
    const definition = { ...returning(""), ...members } as unknown as ToolDefinition;
    expect(() => serverOf(definition)).toThrow(TypeError);
    expect(() => serverOf(definition)).toThrow(message);
  });

  it("has the setting of an extension that is listed", () => {
    const definition = { ...returning(""), task: "optional" } as ToolDefinition;
    const extension = { id: "com.example/a", toolSettings: ["task"] };
    const options = { name: "test", version: "1", tools: [definition] };
    expect(() => createServer({ ...options, extensions: [extension] })).not.toThrow();
  });

  it("is refused by defineTool, as far as it does not depend on the server", () => {
    const define = (members: object) => () =>
      defineTool({ name: "t", call: () => "", ...members } as never);
    expect(define({ name: "" })).toThrow("tool name: ");
    expect(define({ call: "" })).toThrow("tool t: call: expected a function");
    const handler = () => "";
    expect(define({ call: undefined, handler })).toThrow("; rename handler to call");
    expect(define({ inputSchema: { n: z.number() } })).toThrow("wrap it in z.object({ ... })");
    expect(define({ outputSchema: v.object({}) })).toThrow("wrap it in toStandardJsonSchema()");
  });

  it("is refused when it is added later", () => {
    const server = serverOf();
    expect(() => server.tools.add({ ...returning(""), name: "" })).toThrow("tool name: ");
    expect(() => server.tools.replace(returning("") as never)).toThrow("tools: expected an array");
    expect(() => server.tools.add(undefined as never)).toThrow(
      "tools[0]: expected a definition, got undefined",
    );
  });

  it("a name that is taken", () => {
    expect(() => serverOf(returning(""), returning(""))).toThrow(/declared twice/);
  });
});

describe("basic/transports/streamable-http#server-behavior-for-custom-headers", () => {
  const tool = defineTool({
    name: "t",
    inputSchema: {
      type: "object",
      properties: { region: { type: "string", "x-mcp-header": "Region" } },
    },
    call: () => "ok",
  });
  const headers = (region?: string): AskOptions => ({
    header: (name) =>
      ({
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "t",
        "mcp-param-region": region,
        "mcp-param-other": "ignored",
      })[name],
  });

  it("a matching header is accepted, in Base64 as well", async () => {
    expect(await call(tool, { region: "eu" }, headers("eu"))).not.toHaveProperty("isError");
    const encoded = headers("=?base64?ZXU=?=");
    expect(await call(tool, { region: "eu" }, encoded)).not.toHaveProperty("isError");
    expect(await call(tool, {}, headers())).not.toHaveProperty("isError");
  });

  it.each([
    ["another value", { region: "eu" }, "us"],
    ["no header", { region: "eu" }, undefined],
    ["no argument", {}, "eu"],
    ["an argument that is null", { region: null }, "null"],
  ])(
    "any that does not match is rejected before the schema is: %s",
    async (_what, args, region) => {
      const answer = call(tool, args, headers(region));
      await expect(answer).rejects.toMatchObject({ code: -32020, status: 400 });
    },
  );

  it("transports without headers don't check them", async () => {
    expect(await call(tool, { region: "eu" })).not.toHaveProperty("isError");
  });
});

describe("basic/index#meta: a capability that a tool requires", () => {
  const tool = defineTool({ name: "t", requires: { sampling: { tools: {} } }, call: () => "ok" });

  it("MUST be declared, or the call is rejected with -32021 and what is missing", async () => {
    await expect(call(tool)).rejects.toMatchObject({
      code: -32021,
      status: 400,
      data: { requiredCapabilities: { sampling: { tools: {} } } },
    });
    const answer = call(tool, {}, { capabilities: { sampling: { tools: {} } } });
    expect(await answer).not.toHaveProperty("isError");
  });
});

describe("basic/authorization/index#scope-challenge-handling: scopes of a tool", () => {
  const tool = defineTool({
    name: "t",
    inputSchema: z.object({ a: z.number() }),
    scopes: ["books:read", "books:write"],
    call: () => "ok",
  });

  it("admit a caller that has all of them", async () => {
    const principal = { id: "ana", scopes: ["books:write", "x", "books:read"] };
    expect(await call(tool, { a: 1 }, { principal })).not.toHaveProperty("isError");
  });

  it("refuse a caller without one of them before its arguments are read", async () => {
    const principal = { id: "ana", scopes: ["books:read"] };
    await expect(call(tool, { a: "x" }, { principal })).rejects.toMatchObject({
      status: 403,
      challenge: 'Bearer error="insufficient_scope", scope="books:read books:write"',
    });
  });

  it("refuse a caller without a principal with 401", async () => {
    await expect(call(tool, { a: 1 })).rejects.toMatchObject({
      status: 401,
      challenge: 'Bearer scope="books:read books:write"',
    });
  });

  it.each([[["a b"]], [[""]], [[]], [['"']]])(
    "throw for a name that is not a scope: %j",
    (scopes) => {
      expect(() => serverOf(defineTool({ name: "t", scopes, call: () => "ok" }))).toThrow(
        "tool t: scopes: expected names",
      );
    },
  );

  it("are not shown in the list", async () => {
    const { tools } = await ask(serverOf(tool), "tools/list");
    expect((tools as JSONObject[])[0]).not.toHaveProperty("scopes");
  });
});

it("a handler may return what is like a promise, as query builders do", async () => {
  // biome-ignore lint/suspicious/noThenProperty: this is what such libraries return
  const query = { then: (resolve: (value: string) => void) => resolve("rows") };
  expect(await call(returning(query))).toMatchObject({ content: [{ type: "text", text: "rows" }] });
});

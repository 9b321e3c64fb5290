import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import * as z from "zod";
import type { JSONObject } from "../protocol/json.ts";
import { createServer } from "./create-server.ts";
import type { HandlerContext } from "./handler/handler-context.ts";
import { inputRequired, toolResult } from "./results.ts";
import { defineTool } from "./tools.ts";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Arguments follow from the input schema. */
defineTool({
  name: "zod",
  inputSchema: z.object({ city: z.string(), days: z.number().default(7) }),
  call: (args) => {
    const _args: Equal<typeof args, { city: string; days: number }> = true;
    return args.city;
  },
});
defineTool({
  name: "valibot",
  inputSchema: toStandardJsonSchema(v.object({ city: v.string() })),
  call: (args) => {
    const _args: Equal<typeof args, { city: string }> = true;
    return args.city;
  },
});
defineTool({
  name: "arktype",
  inputSchema: type({ city: "string", "days?": "number" }),
  call: (args) => {
    const _args: Equal<typeof args, { city: string; days?: number }> = true;
    return args.city;
  },
});
defineTool({
  name: "json",
  inputSchema: {
    type: "object",
    properties: { city: { type: "string" }, days: { type: "integer" } },
    required: ["city"],
  },
  call: (args) => {
    const _city: Equal<typeof args.city, string> = true;
    const _days: Equal<typeof args.days, number | undefined> = true;
    // @ts-expect-error the schema has no such property
    return args.country;
  },
});
defineTool({
  name: "none",
  call: (args) => {
    const _args: Equal<typeof args, Record<string, never>> = true;
    return "";
  },
});

/** Without an output schema a tool returns text or content. */
defineTool({ name: "t", call: () => "text" });
defineTool({ name: "t", call: () => ({ type: "text", text: "" }) });
defineTool({ name: "t", call: async () => [{ type: "image", data: "", mimeType: "image/png" }] });
defineTool({ name: "t", call: () => toolResult({ structuredContent: { any: 1 } }) });
defineTool({ name: "t", call: () => inputRequired({ state: 1 }) });
// @ts-expect-error a number is not content
defineTool({ name: "t", call: () => 42 });
// @ts-expect-error structured content needs a schema or toolResult
defineTool({ name: "t", call: () => ({ sum: 1 }) });
// @ts-expect-error a complete result needs toolResult
defineTool({ name: "t", call: () => ({ content: [{ type: "text", text: "" }] }) });
// @ts-expect-error an image has a type
defineTool({ name: "t", call: () => ({ type: "image", data: "" }) });

/** With an output schema a tool returns structured content of its type. */
const outputSchema = z.object({ sum: z.number() });
defineTool({ name: "t", outputSchema, call: () => ({ sum: 1 }) });
defineTool({ name: "t", outputSchema, call: async () => ({ sum: 1 }) });
defineTool({ name: "t", outputSchema, call: () => toolResult({ structuredContent: { sum: 1 } }) });
defineTool({ name: "t", outputSchema, call: () => toolResult({ content: [], isError: true }) });
// @ts-expect-error sum is a number
defineTool({ name: "t", outputSchema, call: () => ({ sum: "1" }) });
// @ts-expect-error sum is missing
defineTool({ name: "t", outputSchema, call: () => ({}) });
// @ts-expect-error text is not structured content
defineTool({ name: "t", outputSchema, call: () => "1" });
// @ts-expect-error sum is a number, also in toolResult
defineTool({ name: "t", outputSchema, call: () => toolResult({ structuredContent: { sum: "" } }) });
defineTool({
  name: "t",
  outputSchema: { type: "array", items: { type: "number" } },
  call: () => [1],
});
defineTool({
  name: "t",
  outputSchema: { type: "array", items: { type: "number" } },
  // @ts-expect-error the items are numbers
  call: () => [""],
});
defineTool({ name: "t", outputSchema: { type: "null" }, call: () => null });
defineTool({ name: "t", outputSchema: type("string"), call: () => "a" });

/** The required members of a definition. */
// @ts-expect-error a tool has a name
defineTool({ call: () => "" });
// @ts-expect-error a tool has a function
defineTool({ name: "t" });
// @ts-expect-error valibot needs its converter
defineTool({ name: "t", inputSchema: v.object({ city: v.string() }), call: (args) => args.city });
// @ts-expect-error a definition is read-only
defineTool({ name: "t", call: () => "" }).name = "u";

/** Elicited content follows from the form. */
export async function elicits(context: HandlerContext): Promise<void> {
  const answer = await context.elicit("q", {
    message: "Who?",
    requestedSchema: z.object({ name: z.string(), plan: z.enum(["free", "paid"]).default("free") }),
  });
  if (answer.action === "accept") {
    const _content: Equal<typeof answer.content, { name: string; plan: "free" | "paid" }> = true;
  } else {
    const _action: Equal<typeof answer.action, "decline" | "cancel"> = true;
    const _none: Equal<typeof answer.content, undefined> = true;
  }
  // @ts-expect-error there is no content unless the user accepted
  answer.content.name;
  const plain = await context.elicit("r", {
    message: "How many?",
    requestedSchema: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
  });
  if (plain.action === "accept") {
    const _n: Equal<typeof plain.content.n, number> = true;
  }
  await context.elicit("nested", {
    message: "?",
    // @ts-expect-error a form has no nested objects
    requestedSchema: z.object({ name: z.string(), where: z.object({ city: z.string() }) }),
  });
  await context.elicit("nullable", {
    message: "?",
    // @ts-expect-error a form has no null
    requestedSchema: z.object({ name: z.string().nullable() }),
  });
  await context.elicit("nested", {
    message: "?",
    requestedSchema: {
      type: "object",
      properties: {
        name: { type: "string" },
        // @ts-expect-error a form has no nested objects
        where: { type: "object", properties: {} },
      },
    },
  });
  await context.elicit("flat", {
    message: "?",
    requestedSchema: z.object({
      tags: z.array(z.enum(["a", "b"])).optional(),
      size: z.int().default(1),
      kind: z.literal("a").or(z.literal("b")),
    }),
  });
  const anyForm: JSONObject = { type: "object", properties: {} };
  await context.elicit("any", { message: "?", requestedSchema: anyForm });
  // @ts-expect-error the schema of a form is its requestedSchema
  await context.elicit("misspelt", { message: "?", schema: z.object({ sure: z.boolean() }) });
  const visit = await context.elicit("s", { mode: "url", message: "", url: "https://a.example" });
  // @ts-expect-error the answer to a URL elicitation has no content
  visit.content;
  const step = await context.step("book", () => ({ trip: 1 }));
  const _trip: Equal<typeof step, { trip: number }> = true;
}

/** A server's type carries the names and types of its definitions. */
const server = createServer({
  name: "test",
  version: "1",
  tools: [
    defineTool({
      name: "add",
      inputSchema: z.object({ a: z.number(), b: z.number().default(0) }),
      outputSchema,
      call: ({ a, b }) => ({ sum: a + b }),
    }),
    defineTool({ name: "plain", call: () => "" }),
  ],
});
type Tools = NonNullable<(typeof server)[keyof typeof server & symbol]>["tools"];
const _names: Equal<keyof Tools, "add" | "plain"> = true;
const _arguments: Equal<Tools["add"]["arguments"], { a: number; b?: number | undefined }> = true;
const _structured: Equal<Tools["add"]["structuredContent"], { sum: number }> = true;
const _nothing: Equal<Tools["plain"]["structuredContent"], undefined> = true;
// @ts-expect-error a server has a version
createServer({ name: "test" });
// @ts-expect-error tools are definitions
createServer({ name: "test", version: "1", tools: ["add"] });

/** Scopes are a list, or a function of the arguments after their validation. */
defineTool({
  name: "move",
  inputSchema: z.object({ shelf: z.string().default("main") }),
  scopes: ({ shelf }) => [`shelf:${shelf satisfies string}`],
  call: ({ shelf }) => shelf,
});
defineTool({
  name: "wrong",
  inputSchema: z.object({ shelf: z.string() }),
  // @ts-expect-error the arguments have no such member
  scopes: ({ row }) => [row],
  call: ({ shelf }) => shelf,
});
// @ts-expect-error scopes are a list
defineTool({ name: "text", scopes: "books:read", call: () => "" });
/** A definition can be copied into another one. */
const scoped = defineTool({ name: "scoped", scopes: ["a"], call: () => "" });
const _copied: Equal<(typeof scoped)["name"], "scoped"> = true;
createServer({ name: "test", version: "1", tools: [{ ...scoped, call: () => "copied" }] });

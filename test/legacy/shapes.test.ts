/** The results of all methods, in the shapes of the published schemas of each revision. */
import { Ajv, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { JSONObject } from "../../packages/lutra/src/protocol/json.ts";
import { audio, blob, image } from "../../packages/lutra/src/server/content.ts";
import { createServer } from "../../packages/lutra/src/server/create-server.ts";
import { definePrompt } from "../../packages/lutra/src/server/prompts.ts";
import {
  defineResource,
  defineResourceTemplate,
} from "../../packages/lutra/src/server/resources.ts";
import { toolResult } from "../../packages/lutra/src/server/results.ts";
import { defineTool } from "../../packages/lutra/src/server/tools.ts";
import { readSchema } from "../spec/published.ts";
import { fetchEndpoint, openSession } from "./wire.ts";

const icons = [{ src: "https://example.com/i.png", mimeType: "image/png", sizes: ["any"] }];
const _meta = { "com.example/x": 1 };
const about = { title: "T", description: "D", icons, _meta };
const annotations = { audience: ["user"], priority: 1 } as const;
const byte = new Uint8Array([1]);

const server = createServer({
  name: "shapes",
  version: "1",
  title: "Shapes",
  description: "A server",
  websiteUrl: "https://example.com",
  icons,
  instructions: "Use it",
  logging: true,
  onError: () => {},
  tools: [
    defineTool({
      name: "content",
      ...about,
      annotations: { title: "T", readOnlyHint: true },
      call: () =>
        toolResult({
          content: [
            { type: "text", text: "a", annotations, _meta },
            image(byte, "image/png"),
            audio(byte, "audio/wav"),
            { type: "resource_link", uri: "a:b", name: "b", title: "B", icons, size: 1 },
            { type: "resource", resource: { ...blob("a:b", byte, "a/b"), _meta }, annotations },
          ],
          _meta,
        }),
    }),
    defineTool({
      name: "object",
      inputSchema: z.object({ a: z.number().default(1) }),
      outputSchema: z.object({ a: z.number() }),
      call: ({ a }) => ({ a }),
    }),
    defineTool({ name: "list", outputSchema: z.array(z.number()), call: () => [1] }),
    defineTool({ name: "none", outputSchema: { type: "null" }, call: () => null }),
    defineTool({
      name: "either",
      inputSchema: z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]),
      call: () => "x",
    }),
  ],
  resources: [
    defineResource({ uri: "a:b", name: "b", ...about, size: 1, annotations, read: () => "text" }),
    defineResource({ uri: "a:c", name: "c", read: () => byte }),
  ],
  resourceTemplates: [
    defineResourceTemplate({
      uriTemplate: "t:{x}",
      name: "t",
      ...about,
      annotations,
      complete: { x: () => ["one"] },
      read: () => "text",
    }),
  ],
  prompts: [
    definePrompt({
      name: "p",
      ...about,
      arguments: { who: { title: "W", description: "Who", required: true } },
      get: () => [
        { role: "user", content: audio(byte, "audio/wav") },
        { role: "assistant", content: { type: "resource_link", uri: "a:b", name: "b" } },
        { role: "user", content: { type: "text", text: "x", _meta } },
      ],
    }),
  ],
});

const methods = [
  ["ListToolsResult", "tools/list", {}],
  ["CallToolResult", "tools/call", { name: "content" }],
  ["CallToolResult", "tools/call", { name: "object", arguments: {} }],
  ["CallToolResult", "tools/call", { name: "object", arguments: { a: "x" } }],
  ["CallToolResult", "tools/call", { name: "list" }],
  ["CallToolResult", "tools/call", { name: "none" }],
  ["ListResourcesResult", "resources/list", {}],
  ["ListResourceTemplatesResult", "resources/templates/list", {}],
  ["ReadResourceResult", "resources/read", { uri: "a:b" }],
  ["ReadResourceResult", "resources/read", { uri: "a:c" }],
  ["ReadResourceResult", "resources/read", { uri: "t:1" }],
  ["ListPromptsResult", "prompts/list", {}],
  ["GetPromptResult", "prompts/get", { name: "p", arguments: { who: "Ana" } }],
  [
    "CompleteResult",
    "completion/complete",
    { ref: { type: "ref/resource", uri: "t:{x}" }, argument: { name: "x", value: "o" } },
  ],
  ["EmptyResult", "ping", {}],
  ["EmptyResult", "logging/setLevel", { level: "error" }],
  ["EmptyResult", "resources/subscribe", { uri: "a:b" }],
  ["EmptyResult", "resources/unsubscribe", { uri: "a:b" }],
] as const;

type Definitions = ReturnType<typeof readSchema>["$defs"];

/** Makes the definitions refuse members that they do not name; only results without a shape are open. */
function closed(definitions: Definitions): Definitions {
  const entries = Object.entries(definitions).map(([name, definition]) => {
    const isOpen = !("properties" in definition) || "additionalProperties" in definition;
    return [name, isOpen ? definition : { ...definition, additionalProperties: false }] as const;
  });
  return Object.fromEntries(entries);
}

function validatorOf(version: string): (type: string) => ValidateFunction {
  const { $defs, definitions } = readSchema(version);
  const options = { strict: false, validateFormats: false, allErrors: true };
  const ajv = definitions === undefined ? new Ajv2020(options) : new Ajv(options);
  const key = definitions === undefined ? "$defs" : "definitions";
  ajv.addSchema({ [key]: closed(definitions ?? $defs) }, "mcp");
  return (type) => ajv.getSchema(`mcp#/${key}/${type}`) as ValidateFunction;
}

describe.each(["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"])("MCP %s", (version) => {
  const validator = validatorOf(version);

  function expectValid(type: string, value: unknown): void {
    const validate = validator(type);
    validate(value);
    expect(validate.errors ?? []).toEqual([]);
  }

  const open = async () => {
    const { http } = await fetchEndpoint(server);
    return openSession(http, { version });
  };

  it("opens a session with an InitializeResult", async () => {
    const session = await open();
    const result = await session.result("initialize", {
      protocolVersion: version,
      capabilities: {},
      clientInfo: { name: "test", version: "1" },
    });
    expectValid("InitializeResult", result);
  });

  it.each(methods)("has a %s for %s %j", async (type, method, params) => {
    const session = await open();
    const result = await session.result(method, params);
    expectValid(type, result);
    const text = JSON.stringify(result);
    for (const later of ["resultType", "ttlMs", "cacheScope", "io.modelcontextprotocol/"]) {
      expect(text).not.toContain(later);
    }
  });

  it("has structured content where the revision has it, for objects only", async () => {
    const session = await open();
    const has = async (name: string) => "structuredContent" in (await session.call(name));
    const isKnown = version >= "2025-06-18";
    expect([await has("object"), await has("list"), await has("none")]).toEqual([
      isKnown,
      false,
      false,
    ]);
  });

  it("has an output schema for the tools whose structured content it sends", async () => {
    const session = await open();
    const tools = (await session.result("tools/list")).tools as JSONObject[];
    const named = tools.filter(({ outputSchema }) => outputSchema).map(({ name }) => name);
    expect(named).toEqual(version >= "2025-06-18" ? ["object"] : []);
  });

  it.each(["icons", "title", "_meta", "annotations"])(
    "has %s of tools where the revision has them",
    async (member) => {
      const since = { icons: "2025-11-25", annotations: "2025-03-26" }[member] ?? "2025-06-18";
      const session = await open();
      const [tool] = (await session.result("tools/list")).tools as JSONObject[];
      expect(member in (tool ?? {})).toBe(version >= since);
    },
  );

  it("has a text in place of content that the revision lacks", async () => {
    const session = await open();
    const content = (await session.call("content")).content as { type: string }[];
    const expected = {
      "2025-11-25": ["text", "image", "audio", "resource_link", "resource"],
      "2025-06-18": ["text", "image", "audio", "resource_link", "resource"],
      "2025-03-26": ["text", "image", "audio", "text", "resource"],
      "2024-11-05": ["text", "image", "text", "text", "resource"],
    }[version];
    expect(content.map(({ type }) => type)).toEqual(expected);
  });
});

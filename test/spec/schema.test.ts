/** Validates everything that a server sends against the published schema. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { ProtocolError } from "../../packages/lutra/src/protocol/errors.ts";
import type { JSONObject } from "../../packages/lutra/src/protocol/json.ts";
import { listChangedMethods } from "../../packages/lutra/src/protocol/subscriptions.ts";
import { audio, blob, image } from "../../packages/lutra/src/server/content.ts";
import { createServer } from "../../packages/lutra/src/server/create-server.ts";
import { definePrompt } from "../../packages/lutra/src/server/prompts.ts";
import {
  defineResource,
  defineResourceTemplate,
} from "../../packages/lutra/src/server/resources.ts";
import { inputRequired, ToolError, toolResult } from "../../packages/lutra/src/server/results.ts";
import { defineTool } from "../../packages/lutra/src/server/tools.ts";
import { createFetchHandler } from "../../packages/lutra/src/transport/http/fetch-handler.ts";
import { readSchema } from "./published.ts";

const icons = [{ src: "https://example.com/i.png", mimeType: "image/png", sizes: ["any"] }];
const about = { title: "T", description: "D", icons, _meta: { "com.example/x": 1 } };
const annotations = {
  audience: ["user"],
  priority: 1,
  lastModified: "2026-07-28T00:00:00Z",
} as const;
const form = {
  message: "Who?",
  requestedSchema: z.object({
    name: z.string().min(1).describe("Your name"),
    mail: z.email().optional(),
    age: z.int().min(18).default(20),
    score: z.number().max(1),
    sure: z.boolean(),
    plan: z.enum(["free", "paid"]),
    colors: z.array(z.enum(["red", "blue"])).max(1),
  }),
};
const sampling = {
  messages: [{ role: "user", content: { type: "text", text: "?" } }],
  maxTokens: 10,
  modelPreferences: { hints: [{ name: "m" }], costPriority: 0.5 },
} as const;

const server = createServer({
  name: "test",
  version: "1",
  websiteUrl: "https://example.com",
  title: "Test",
  description: "A server",
  icons,
  instructions: "Use it",
  logging: true,
  pageSize: 2,
  onError: () => {},
  tools: [
    defineTool({
      name: "content",
      ...about,
      annotations: { title: "T", readOnlyHint: true, destructiveHint: false },
      call: () => [
        { type: "text", text: "a", annotations },
        image(new Uint8Array([1]), "image/png"),
        audio(new Uint8Array([1]), "audio/wav"),
        { type: "resource_link", uri: "a:b", name: "b", size: 1, icons },
        { type: "resource", resource: blob("a:b", new Uint8Array([1]), "a/b"), annotations },
      ],
    }),
    defineTool({
      name: "structured",
      inputSchema: z.object({ a: z.number().default(1) }),
      outputSchema: z.array(z.object({ a: z.number() })),
      call: ({ a }) => [{ a }],
    }),
    defineTool({
      name: "nothing",
      outputSchema: { type: "null" },
      call: () => toolResult({ structuredContent: null, _meta: { "com.example/x": 1 } }),
    }),
    defineTool({ name: "error", call: () => Promise.reject(new ToolError("no")) }),
    defineTool({
      name: "broken",
      call: () => Promise.reject(new ProtocolError("internalError", "no")),
    }),
    defineTool({
      name: "asks",
      call: async (_args, context) => {
        await Promise.all([
          context.elicit("form", form),
          context.elicit("url", { mode: "url", message: "?", url: "https://example.com" }),
          context.sample("sample", sampling),
          context.roots("roots"),
        ]);
        return "";
      },
    }),
    defineTool({ name: "waits", call: () => inputRequired({ state: 1 }) }),
    defineTool({
      name: "talks",
      call: async (_args, context) => {
        context.progress({ progress: 0.5, total: 1, message: "half" });
        context.log("warning", { deep: [null] }, "logger");
        context.log("info", undefined);
        return "";
      },
    }),
  ],
  resources: [
    defineResource({
      uri: "a:text",
      name: "text",
      size: 1,
      annotations,
      ...about,
      read: () => "x",
    }),
    defineResource({ uri: "a:bytes", name: "bytes", read: () => new Uint8Array([1]) }),
    defineResource({
      uri: "a:asks",
      name: "asks",
      read: async (_uri, context) => (await context.elicit("form", form)).action,
    }),
  ],
  resourceTemplates: [
    defineResourceTemplate({
      uriTemplate: "b://{id}",
      name: "b",
      mimeType: "text/plain",
      annotations,
      ...about,
      complete: { id: () => ({ values: ["1"], hasMore: true }) },
      read: ({ id }) => id,
    }),
  ],
  prompts: [
    definePrompt({
      name: "p",
      ...about,
      arguments: { a: { title: "A", description: "D", required: true, complete: () => ["x"] } },
      get: ({ a }) => [
        { role: "user", content: { type: "text", text: a } },
        { role: "assistant", content: image(new Uint8Array([1]), "image/png") },
      ],
    }),
  ],
});

const serve = createFetchHandler(server, { onError: () => {} });

function send(method: string, params: JSONObject = {}, headers: object = {}): Promise<Response> {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {
      elicitation: { form: {}, url: {} },
      sampling: {},
      roots: {},
    },
    "io.modelcontextprotocol/logLevel": "debug",
    progressToken: "p",
  };
  const name = (params.name ?? params.uri) as string | undefined;
  return serve(
    new Request("http://localhost/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...(name && { "mcp-name": name }),
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { _meta, ...params } }),
    }),
  );
}

/** All messages of a response, as they come over the wire. */
async function readAll(response: Response) {
  const text = await response.text();
  if (response.headers.get("content-type") === "application/json") return [JSON.parse(text)];
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ""));
}

const ref = { type: "ref/prompt", name: "p" };
const template = { type: "ref/resource", uri: "b://{id}" };

/** Requests, and the type that their result has by the schema. */
const requests: readonly (readonly [method: string, params: JSONObject, type: string])[] = [
  ["server/discover", {}, "DiscoverResult"],
  ["tools/list", {}, "ListToolsResult"],
  ["resources/list", {}, "ListResourcesResult"],
  ["resources/templates/list", {}, "ListResourceTemplatesResult"],
  ["prompts/list", {}, "ListPromptsResult"],
  ["tools/call", { name: "content" }, "CallToolResult"],
  ["tools/call", { name: "structured" }, "CallToolResult"],
  ["tools/call", { name: "structured", arguments: { a: "x" } }, "CallToolResult"],
  ["tools/call", { name: "nothing" }, "CallToolResult"],
  ["tools/call", { name: "error" }, "CallToolResult"],
  ["tools/call", { name: "asks" }, "InputRequiredResult"],
  ["tools/call", { name: "waits" }, "InputRequiredResult"],
  ["tools/call", { name: "talks" }, "CallToolResult"],
  ["resources/read", { uri: "a:text" }, "ReadResourceResult"],
  ["resources/read", { uri: "a:bytes" }, "ReadResourceResult"],
  ["resources/read", { uri: "a:asks" }, "InputRequiredResult"],
  ["resources/read", { uri: "b://1" }, "ReadResourceResult"],
  ["prompts/get", { name: "p", arguments: { a: "x" } }, "GetPromptResult"],
  ["completion/complete", { ref, argument: { name: "a", value: "" } }, "CompleteResult"],
  ["completion/complete", { ref: template, argument: { name: "id", value: "" } }, "CompleteResult"],
];

/** Requests that are refused, and the type of the error where the schema has one. */
const refused: readonly (readonly [string, JSONObject, JSONObject, string])[] = [
  ["tools/list", {}, { "mcp-method": "tools/call" }, "HeaderMismatchError"],
  ["tools/list", {}, { "mcp-protocol-version": "" }, "HeaderMismatchError"],
  ["tools/list", { cursor: "x" }, {}, "InvalidParamsError"],
  ["tools/list", { _meta: {} }, {}, "InvalidParamsError"],
  ["tools/call", { name: "none" }, {}, "InvalidParamsError"],
  ["tools/call", { name: "broken" }, {}, "InternalError"],
  ["resources/read", { uri: "a:none" }, {}, "InvalidParamsError"],
  ["tools/dance", {}, {}, "MethodNotFoundError"],
  [
    "tools/list",
    {
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "1900-01-01",
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    },
    { "mcp-protocol-version": "1900-01-01" },
    "UnsupportedProtocolVersionError",
  ],
  [
    "tools/call",
    {
      name: "asks",
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    },
    {},
    "MissingRequiredClientCapabilityError",
  ],
];

/** The errors of which the schema describes the whole response. */
const ownErrors = new Set([
  "HeaderMismatchError",
  "MissingRequiredClientCapabilityError",
  "UnsupportedProtocolVersionError",
]);

const notifications: { readonly [method: string]: string } = {
  "notifications/progress": "ProgressNotification",
  "notifications/message": "LoggingMessageNotification",
  "notifications/subscriptions/acknowledged": "SubscriptionsAcknowledgedNotification",
  "notifications/resources/updated": "ResourceUpdatedNotification",
  [listChangedMethods.toolsListChanged]: "ToolListChangedNotification",
  [listChangedMethods.promptsListChanged]: "PromptListChangedNotification",
  [listChangedMethods.resourcesListChanged]: "ResourceListChangedNotification",
};

function check(): (type: string, value: unknown) => void {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: "mcp", ...readSchema() });
  const compiled = new Map<string, ValidateFunction>();
  return (type, value) => {
    const validate = compiled.get(type) ?? ajv.compile({ $ref: `mcp#/$defs/${type}` });
    compiled.set(type, validate);
    expect([type, validate(value) ? [] : validate.errors]).toEqual([type, []]);
  };
}

const expectValid = check();

it("rejects an invalid result", () => {
  expect(() => expectValid("ListToolsResult", { resultType: "complete", tools: [] })).toThrow();
  expect(() => expectValid("CallToolResult", { resultType: "complete" })).toThrow();
});

describe("the published schema", () => {
  it.each(requests)("accepts the response to %s %j as %s", async (method, params, type) => {
    const messages = await readAll(await send(method, params));
    const last = messages.at(-1);
    expectValid("JSONRPCResultResponse", last);
    expectValid(type, last.result);
    for (const message of messages.slice(0, -1)) {
      expectValid(notifications[message.method] ?? "nothing", message);
    }
  });

  it.each(refused)(
    "accepts the error for %s %j %j as %s",
    async (method, params, headers, type) => {
      const [message, ...rest] = await readAll(await send(method, params, headers));
      expect(rest).toEqual([]);
      expectValid("JSONRPCErrorResponse", message);
      expectValid(type, ownErrors.has(type) ? message : message.error);
    },
  );

  it("accepts every page of a list", async () => {
    const lists = [
      ["tools/list", "ListToolsResult"],
      ["resources/list", "ListResourcesResult"],
    ] as const;
    for (const [method, type] of lists) {
      let cursor: unknown;
      let pages = 0;
      do {
        const [{ result }] = await readAll(
          await send(method, cursor === undefined ? {} : { cursor }),
        );
        expectValid(type, result);
        cursor = result.nextCursor;
        pages += 1;
      } while (cursor !== undefined);
      expect(pages).toBeGreaterThan(1);
    }
  });

  it("accepts every message of a subscription and its result", async () => {
    const filter = {
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: true,
      resourceSubscriptions: ["a:text"],
    };
    const listening = await send("subscriptions/listen", { notifications: filter });
    server.tools.replace([]);
    server.prompts.replace([]);
    server.resources.remove("a:bytes");
    server.resourceUpdated("a:text");
    await server.close();
    const messages = await readAll(listening);
    const last = messages.pop();
    expect(messages.map(({ method }) => method).sort()).toEqual(
      Object.keys(notifications)
        .filter((method) => !/progress|message$/.test(method))
        .sort(),
    );
    for (const message of messages) expectValid(notifications[message.method] ?? "", message);
    expectValid("SubscriptionsListenResultResponse", last);
  });
});

import type { CallToolResult, McpServer, ServerNotifier } from "@modelcontextprotocol/server";
import { fromJsonSchema, inputRequired } from "@modelcontextprotocol/server";
import * as z from "zod";
import { pixel, silence } from "../../../examples/everything/media.ts";

const image = { type: "image", data: pixel, mimeType: "image/png" } as const;
const resource = {
  type: "resource",
  resource: { uri: "test://embedded", mimeType: "text/plain", text: "embedded" },
} as const;

export function text(value: string): CallToolResult {
  return { content: [{ type: "text", text: value }] };
}

/** The first of the list can be called without arguments. */
export function addTools(server: McpServer, notify: ServerNotifier): void {
  addContent(server);
  addNotifying(server);
  addSchemas(server);
  addChanging(server, notify);
}

function addContent(server: McpServer): void {
  const contents: { readonly [name: string]: CallToolResult } = {
    test_simple_text: text("plain"),
    test_image_content: { content: [image] },
    test_audio_content: { content: [{ type: "audio", data: silence, mimeType: "audio/wav" }] },
    test_embedded_resource: { content: [resource] },
    test_multiple_content_types: { content: [...text("mixed").content, image, resource] },
    test_error_handling: { ...text("fails on purpose"), isError: true },
  };
  for (const [name, result] of Object.entries(contents)) {
    server.registerTool(name, { description: `Returns ${name}` }, async () => result);
  }
}

function addNotifying(server: McpServer): void {
  const progressing = { description: "Reports progress" };
  server.registerTool("test_tool_with_progress", progressing, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    if (progressToken === undefined) return text("nobody asked for progress");
    for (const progress of [0, 50, 100]) {
      const params = { progressToken, progress, total: 100 };
      await mcpReq.notify({ method: "notifications/progress", params });
    }
    return text("done");
  });
  server.registerTool("test_logging_tool", { description: "Logs" }, async ({ mcpReq }) => {
    for (const step of ["one", "two", "three"]) await mcpReq.log("info", step);
    return text("logged");
  });
  const sampling = { description: "Needs a client with a model" };
  server.registerTool("test_missing_capability", sampling, async () => {
    const messages = [{ role: "user" as const, content: { type: "text" as const, text: "Hi" } }];
    const question = inputRequired.createMessage({ messages, maxTokens: 10 });
    return inputRequired({ inputRequests: { question } });
  });
}

function addSchemas(server: McpServer): void {
  const region = z.string().meta({ "x-mcp-header": "Region" });
  const mirrored = { description: "Mirrors", inputSchema: z.object({ region }) };
  server.registerTool("test_x_mcp_header", mirrored, async (args) => text(args.region));
  const inputSchema = fromJsonSchema({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    $defs: {
      address: {
        $anchor: "addressDef",
        type: "object",
        properties: { street: { type: "string" }, city: { type: "string" } },
      },
    },
    properties: {
      name: { type: "string" },
      address: { $ref: "#/$defs/address" },
      contactMethod: { type: "string", enum: ["phone", "email"] },
      phone: { type: "string" },
      email: { type: "string" },
    },
    allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
    if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { required: ["phone"] },
    else: { required: ["email"] },
    additionalProperties: false,
  });
  const schemed = { description: "Has a schema of many words", inputSchema };
  server.registerTool("json_schema_2020_12_tool", schemed, async () => text("valid"));
}

function addChanging(server: McpServer, notify: ServerNotifier): void {
  const changes = {
    test_trigger_tool_change: () => notify.toolsChanged(),
    test_trigger_prompt_change: () => notify.promptsChanged(),
  };
  for (const [name, publish] of Object.entries(changes)) {
    server.registerTool(name, { description: "Publishes a change" }, async () => {
      publish();
      return text("published");
    });
  }
}

/** Tools without input requests: all kinds of content, errors, progress, logging and schemas. */
import { audio, defineTool, image, type Server, ToolError, text } from "lutra/server";
import { z } from "zod";
import { pixel, silence } from "./media.ts";
import { passingPrompt } from "./prompts.ts";

const simpleText = defineTool({
  name: "test_simple_text",
  description: "Returns one block of text",
  call: () => "This is a simple text response for testing.",
});

const imageContent = defineTool({
  name: "test_image_content",
  description: "Returns an image of one red pixel",
  call: () => image(pixel, "image/png"),
});

const audioContent = defineTool({
  name: "test_audio_content",
  description: "Returns a moment of silence",
  call: () => audio(silence, "audio/wav"),
});

const embeddedResource = defineTool({
  name: "test_embedded_resource",
  description: "Returns a resource inside the result",
  call: () => ({
    type: "resource",
    resource: {
      uri: "test://embedded-resource",
      mimeType: "text/plain",
      text: "This is an embedded resource content.",
    },
  }),
});

const mixedContent = defineTool({
  name: "test_multiple_content_types",
  description: "Returns text, an image and a resource together",
  call: () => [
    text("Multiple content types test:"),
    image(pixel, "image/png"),
    {
      type: "resource",
      resource: {
        uri: "test://mixed-content-resource",
        mimeType: "application/json",
        text: JSON.stringify({ test: "data", value: 123 }),
      },
    },
  ],
});

const failing = defineTool({
  name: "test_error_handling",
  description: "Always fails, and tells the model why",
  call: () => {
    throw new ToolError("This tool intentionally returns an error for testing");
  },
});

const withProgress = defineTool({
  name: "test_tool_with_progress",
  description: "Reports progress three times before it returns",
  call: async (_args, context) => {
    for (const progress of [0, 50, 100]) {
      await context.progress({ progress, total: 100, message: `${progress} of 100` });
    }
    return "Progress was reported.";
  },
});

const withLogging = defineTool({
  name: "test_logging_tool",
  description: "Logs three messages, to a client that asked for them",
  call: async (_args, context) => {
    for (const step of ["started", "working", "finished"]) {
      await context.log("info", `test_logging_tool ${step}`, "everything");
    }
    return "Messages were logged.";
  },
});

const missingCapability = defineTool({
  name: "test_missing_capability",
  description: "Can be called only by clients that declare sampling",
  requires: { sampling: {} },
  call: () => "The client declares sampling.",
});

const headerParameter = defineTool({
  name: "test_x_mcp_header",
  description: "Echoes a region that intermediaries can read from a header",
  inputSchema: z.object({
    region: z.string().describe("Where to look").meta({ "x-mcp-header": "Region" }),
  }),
  call: ({ region }) => `Region: ${region}`,
});

/** A plain JSON Schema, which `tools/list` returns unchanged. */
const jsonSchema = defineTool({
  name: "json_schema_2020_12_tool",
  description: "Takes an address and a way of contact, described by JSON Schema 2020-12",
  inputSchema: {
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
  },
  call: (contact) => `Contact: ${JSON.stringify(contact)}`,
});

/** The list of tools. The first one can be called without arguments. */
export const tools = [
  simpleText,
  imageContent,
  audioContent,
  embeddedResource,
  mixedContent,
  failing,
  withProgress,
  withLogging,
  missingCapability,
  headerParameter,
  jsonSchema,
] as const;

const passing = defineTool({
  name: "test_dynamic_tool",
  description: "Is there for a moment only",
  call: () => "You were quick.",
});

/**
 * Tools that change the catalogue of `server`. Each adds a definition and removes it again:
 * subscribers of all replicas are notified, and all replicas still have the same catalogue.
 */
export function changingTools(server: Server) {
  return [
    defineTool({
      name: "test_trigger_tool_change",
      description: "Changes the list of tools",
      call: () => {
        server.tools.add(passing);
        server.tools.remove(passing.name);
        return "The list of tools has changed.";
      },
    }),
    defineTool({
      name: "test_trigger_prompt_change",
      description: "Changes the list of prompts",
      call: () => {
        server.prompts.add(passingPrompt);
        server.prompts.remove(passingPrompt.name);
        return "The list of prompts has changed.";
      },
    }),
  ] as const;
}

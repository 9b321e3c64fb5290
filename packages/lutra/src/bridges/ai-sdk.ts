/** `lutra/bridges/ai-sdk`: the tools of a client for the AI SDK (`ai` 6 or newer). */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import type { JSONObject } from "../protocol/json.ts";
import type { CallToolResult } from "../protocol/tools.ts";
import type { BridgeOptions } from "./bridge-options.ts";
import {
  type BridgedTool,
  bridgedTools,
  type ToolClient,
  type ToolMetadata,
} from "./bridged-tools.ts";
import { isImage, type ModelPart, modelParts, textOf } from "./model-parts.ts";

// For users.

export type { BridgeOptions, ModelToolCall } from "./bridge-options.ts";
export type { ToolClient, ToolMetadata } from "./bridged-tools.ts";
export { ToolExecutionError } from "./tool-execution-error.ts";

/** The schema of arguments, in the form of a Standard Schema. */
export interface AISchema {
  readonly "~standard": StandardSchemaV1.Props<unknown, JSONObject> & {
    readonly jsonSchema: StandardJSONSchemaV1.Converter;
  };
}

type AIOutputPart =
  | { type: "text"; text: string }
  | { type: "image-data" | "file-data"; data: string; mediaType: string };

/** The result as the model receives it. */
export type AIModelOutput =
  | { type: "text"; value: string }
  | { type: "content"; value: AIOutputPart[] };

/** A tool as `generateText`, `streamText` and agents of the AI SDK take it. */
export interface AITool {
  readonly type: "dynamic";
  readonly title?: string;
  readonly description?: string;
  readonly metadata: ToolMetadata;
  readonly inputSchema: AISchema;
  /** Calls the tool. If the tool fails, it throws a `ToolExecutionError`. */
  readonly execute: (
    input: unknown,
    options: { readonly toolCallId: string; readonly abortSignal?: AbortSignal | undefined },
  ) => Promise<CallToolResult>;
  readonly toModelOutput: (options: { readonly output: CallToolResult }) => AIModelOutput;
}

/** The tools by the names for models. */
export interface AITools {
  [name: string]: AITool;
}

/**
 * Lists the tools of a server as the `tools` of `generateText`, `streamText` and agents. The output
 * of a call is the result of the tool.
 *
 * @throws {TypeError} for an invalid option, for an included tool that the server does not list, and
 * for more tools than `maxTools`
 */
export async function aiTools(client: ToolClient, options?: BridgeOptions): Promise<AITools> {
  const tools = await bridgedTools("aiTools", client, options);
  return Object.fromEntries(tools.map((tool) => [tool.name, aiTool(tool)]));
}

function aiTool({ title, description, metadata, schema, call }: BridgedTool): AITool {
  return {
    type: "dynamic",
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    metadata,
    inputSchema: aiSchema(schema),
    execute: (input, { toolCallId, abortSignal }) => {
      return call(input, { toolCallId, signal: abortSignal });
    },
    toModelOutput: ({ output }) => modelOutput(output),
  };
}

/**
 * Creates a schema that accepts every value, because the server validates arguments. It is also a
 * `Schema` of the AI SDK, which passes it to the model unchanged. Of a Standard Schema, the SDK would
 * close every object with `additionalProperties: false`.
 */
function aiSchema(jsonSchema: Record<string, unknown>): AISchema {
  const schema = {
    [Symbol.for("vercel.ai.schema")]: true,
    jsonSchema,
    validate: (value: unknown) => ({ success: true, value }),
    "~standard": {
      version: 1,
      vendor: "lutra",
      validate: (value: unknown) => ({ value: value as JSONObject }),
      jsonSchema: { input: () => structuredClone(jsonSchema), output: () => ({}) },
    },
  } as const;
  return schema;
}

/** Returns text alone as a string, because some providers encode such a list as JSON. */
function modelOutput(result: CallToolResult): AIModelOutput {
  const parts = modelParts(result);
  return parts.every(({ type }) => type === "text")
    ? { type: "text", value: textOf(parts) }
    : { type: "content", value: parts.map(aiPart) };
}

function aiPart(part: ModelPart): AIOutputPart {
  if (part.type === "text") return { type: "text", text: part.text };
  const type = isImage(part) ? "image-data" : "file-data";
  return { type, data: part.data, mediaType: part.mimeType };
}

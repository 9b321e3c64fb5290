/** `lutra/bridges/langchain`: the tools of a client for LangChain.js (`@langchain/core` 1). */
import type { CallToolResult } from "../protocol/tools.ts";
import type { BridgeOptions } from "./bridge-options.ts";
import {
  type ArgumentsSchema,
  type BridgedTool,
  bridgedTools,
  type ToolClient,
  type ToolMetadata,
} from "./bridged-tools.ts";
import { dataUrl, isImage, type ModelPart, modelParts, partText, textOf } from "./model-parts.ts";
import { ToolExecutionError } from "./tool-execution-error.ts";

// For users.

export type { BridgeOptions, ModelToolCall } from "./bridge-options.ts";
export type { ArgumentsSchema, ToolClient, ToolMetadata } from "./bridged-tools.ts";
export { ToolExecutionError } from "./tool-execution-error.ts";

type LangChainPart =
  | { type: "text"; text: string }
  | { type: "image_url"; image_url: { url: string } };

export type LangChainContent = string | LangChainPart[];

/** The part of LangChain's configuration of a run that tools read. */
export interface LangChainRunConfig {
  readonly signal?: AbortSignal | undefined;
  readonly toolCall?: { readonly id?: string | undefined } | undefined;
}

/** The parameters of `DynamicStructuredTool`. */
export interface LangChainToolFields {
  name: string;
  description: string;
  schema: ArgumentsSchema;
  metadata: ToolMetadata;
  responseFormat: "content_and_artifact";
  func: (
    input: unknown,
    runManager?: unknown,
    config?: LangChainRunConfig,
  ) => Promise<[LangChainContent | object, CallToolResult]>;
}

/** The parameters of `ToolMessage`. */
export interface LangChainMessageFields {
  status: "error";
  content: LangChainContent;
  artifact: CallToolResult;
  tool_call_id: string;
  name: string;
}

/** The classes of LangChain whose objects the bridge creates. */
export interface LangChainClasses<Tool> {
  /** Exported by `@langchain/core/tools`. */
  readonly DynamicStructuredTool: {
    new (fields: LangChainToolFields): unknown;
    /** The type of its tools, whatever its type parameters. */
    readonly prototype: Tool;
  };
  /** Exported by `@langchain/core/messages`. */
  readonly ToolMessage: new (
    fields: LangChainMessageFields,
  ) => object;
}

/**
 * Lists the tools of a server as LangChain tools, for `bindTools` and agents. The result of a call is
 * the `artifact` of the tool message. If the tool failed, the message has the status `error`; a call
 * without a tool call id rejects with a `ToolExecutionError`.
 *
 * @throws {TypeError} for an invalid option, for an included tool that the server does not list, and
 * for more tools than `maxTools`
 */
export async function langChainTools<Tool>(
  client: ToolClient,
  { DynamicStructuredTool, ToolMessage }: LangChainClasses<Tool>,
  options?: BridgeOptions,
): Promise<Tool[]> {
  const tools = await bridgedTools("langChainTools", client, options);
  const create = (tool: BridgedTool) => new DynamicStructuredTool(fieldsOf(tool, ToolMessage));
  return tools.map((tool) => create(tool) as Tool);
}

function fieldsOf(
  { name, description, schema, metadata, call }: BridgedTool,
  ToolMessage: LangChainClasses<unknown>["ToolMessage"],
): LangChainToolFields {
  return {
    name,
    description: description ?? name,
    schema,
    metadata,
    responseFormat: "content_and_artifact",
    func: async (input, _runManager, config) => {
      const toolCallId = config?.toolCall?.id;
      try {
        const result = await call(input, { toolCallId, signal: config?.signal });
        return [contentOf(result), result];
      } catch (error) {
        if (!(error instanceof ToolExecutionError) || toolCallId === undefined) throw error;
        const { result } = error;
        const content = contentOf(result);
        const shared = { status: "error", content, tool_call_id: toolCallId, name } as const;
        return [new ToolMessage({ ...shared, artifact: result }), result];
      }
    },
  };
}

/** Returns a string for text alone, because some models accept nothing else. */
function contentOf(result: CallToolResult): LangChainContent {
  const parts = modelParts(result);
  return parts.some(isImage) ? parts.map(langChainPart) : textOf(parts);
}

function langChainPart(part: ModelPart): LangChainPart {
  return isImage(part)
    ? { type: "image_url", image_url: { url: dataUrl(part) } }
    : { type: "text", text: partText(part) };
}

/**
 * Sampling: a completion by the client's model. Deprecated: call a model provider instead.
 *
 * @spec client/sampling
 */
import type { ClientCapabilities } from "./capabilities.ts";
import type { AudioContent, ContentBlock, ImageContent, Role, TextContent } from "./content.ts";
import type { JSONObject } from "./json.ts";
import { isObject } from "./json.ts";
import type { Tool } from "./tools.ts";

/** @deprecated Call a model provider from the server instead. */
interface ToolUseContent {
  readonly type: "tool_use";
  readonly id: string;
  readonly name: string;
  readonly input: JSONObject;
  readonly _meta?: JSONObject;
}

/** @deprecated Call a model provider from the server instead. */
interface ToolResultContent {
  readonly type: "tool_result";
  readonly toolUseId: string;
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
  readonly _meta?: JSONObject;
}

/** @deprecated Call a model provider from the server instead. */
type SamplingContent =
  | TextContent
  | ImageContent
  | AudioContent
  | ToolUseContent
  | ToolResultContent;

/** @deprecated Call a model provider from the server instead. */
export interface SamplingMessage {
  readonly role: Role;
  readonly content: SamplingContent | readonly SamplingContent[];
  readonly _meta?: JSONObject;
}

/** @deprecated Call a model provider from the server instead. */
export interface CreateMessageParams {
  readonly messages: readonly SamplingMessage[];
  readonly maxTokens: number;
  readonly modelPreferences?: {
    readonly hints?: readonly { readonly name?: string }[];
    readonly costPriority?: number;
    readonly speedPriority?: number;
    readonly intelligencePriority?: number;
  };
  readonly systemPrompt?: string;
  readonly includeContext?: "none" | "thisServer" | "allServers";
  readonly temperature?: number;
  readonly stopSequences?: readonly string[];
  readonly metadata?: JSONObject;
  readonly tools?: readonly Tool[];
  readonly toolChoice?: { readonly mode?: "auto" | "required" | "none" };
}

/** @deprecated Call a model provider from the server instead. */
export interface CreateMessageRequest {
  readonly method: "sampling/createMessage";
  readonly params: CreateMessageParams;
}

/** @deprecated Call a model provider from the server instead. */
export interface CreateMessageResult extends SamplingMessage {
  readonly model: string;
  readonly stopReason?: string;
}

/** Returns the required capability: `sampling`, and `sampling.tools` for a request with tools. */
export function samplingCapability(params: CreateMessageParams): ClientCapabilities {
  const needsTools = params.tools !== undefined || params.toolChoice !== undefined;
  return { sampling: needsTools ? { tools: {} } : {} };
}

/** Returns true for a value that has the shape of a sampling result. */
export function isCreateMessageResult(value: unknown): value is CreateMessageResult {
  if (!isObject(value) || typeof value.model !== "string") return false;
  if (value.role !== "user" && value.role !== "assistant") return false;
  const blocks = Array.isArray(value.content) ? value.content : [value.content];
  return blocks.every((block) => isObject(block) && typeof block.type === "string");
}

/** `lutra/bridges/openai`: the tools of a client for function calling with the `openai` package. */
import type { BridgeOptions } from "./bridge-options.ts";
import {
  type ArgumentsSchema,
  type BridgedTool,
  bridgedTools,
  type ToolClient,
} from "./bridged-tools.ts";
import { dataUrl, isImage, type ModelPart, modelParts, partText, textOf } from "./model-parts.ts";
import { refusedCall, ToolExecutionError } from "./tool-execution-error.ts";

// For users.

export type { BridgeOptions, ModelToolCall } from "./bridge-options.ts";
export type { ArgumentsSchema, ToolClient } from "./bridged-tools.ts";

/** The tools of a request, and the function that answers the calls of the response. */
export interface OpenAITools<Tool, Call, Answer> {
  readonly tools: Tool[];
  /**
   * Calls the tool, and returns the message or item with its result for the model. A tool that
   * failed, an unknown tool and malformed arguments are reported to the model.
   *
   * @throws {TypeError} for a call that is not a function call
   */
  readonly callTool: (call: Call, options?: OpenAICallOptions) => Promise<Answer>;
}

export interface OpenAICallOptions {
  /** Cancels the call, also at the server. */
  readonly signal?: AbortSignal;
}

/** A tool of the Chat Completions API. */
export interface ChatTool {
  type: "function";
  function: { name: string; description?: string; parameters: ArgumentsSchema };
}

/** An entry of `message.tool_calls`. */
export interface ChatToolCall {
  readonly id: string;
  readonly type: string;
  readonly function?: { readonly name: string; readonly arguments: string };
}

/** The message with the result of a call for the model. */
export interface ChatToolMessage {
  role: "tool";
  tool_call_id: string;
  content: string;
}

/**
 * Lists the tools of a server for the Chat Completions API, whose tool messages have only text. Images
 * and other files are named in it by their type and size.
 *
 * @throws {TypeError} for an invalid option, for an included tool that the server does not list, and
 * for more tools than `maxTools`
 */
export async function chatTools(
  client: ToolClient,
  options?: BridgeOptions,
): Promise<OpenAITools<ChatTool, ChatToolCall, ChatToolMessage>> {
  const tools = await bridgedTools("chatTools", client, options);
  const answer = answerer(tools);
  return {
    tools: tools.map((tool) => ({ type: "function", function: functionOf(tool) })),
    callTool: async ({ id, type, function: called }, callOptions) => {
      if (called === undefined) throw unexpected(`function of the tool call`, type);
      const parts = await answer({ id, ...called }, callOptions);
      return { role: "tool", tool_call_id: id, content: textOf(parts) };
    },
  };
}

/** A tool of the Responses API. */
export interface ResponseTool {
  type: "function";
  name: string;
  description?: string;
  parameters: ArgumentsSchema;
  /** Always false, because strict schemas can't have optional properties. */
  strict: false;
}

/** An item of `response.output` with the type `function_call`. */
export interface ResponseToolCall {
  readonly type: "function_call";
  readonly call_id: string;
  readonly name: string;
  readonly arguments: string;
}

type ResponsePart =
  | { type: "input_text"; text: string }
  | { type: "input_image"; image_url: string; detail: "auto" };

/** The item with the result of a call for the model. */
export interface ResponseToolOutput {
  type: "function_call_output";
  call_id: string;
  output: string | ResponsePart[];
}

/**
 * Lists the tools of a server for the Responses API. Images are passed to the model. Other files are
 * named by their type and size.
 *
 * @throws {TypeError} for an invalid option, for an included tool that the server does not list, and
 * for more tools than `maxTools`
 */
export async function responseTools(
  client: ToolClient,
  options?: BridgeOptions,
): Promise<OpenAITools<ResponseTool, ResponseToolCall, ResponseToolOutput>> {
  const tools = await bridgedTools("responseTools", client, options);
  const answer = answerer(tools);
  return {
    tools: tools.map((tool) => ({ type: "function", ...functionOf(tool), strict: false })),
    callTool: async (call, callOptions) => {
      if (call.type !== "function_call") throw unexpected("item", call.type);
      const parts = await answer({ ...call, id: call.call_id }, callOptions);
      const output = parts.some(isImage) ? parts.map(responsePart) : textOf(parts);
      return { type: "function_call_output", call_id: call.call_id, output };
    },
  };
}

function functionOf({ name, description, schema }: BridgedTool): ChatTool["function"] {
  return { name, ...(description !== undefined && { description }), parameters: schema };
}

function unexpected(place: string, type: string): TypeError {
  return new TypeError(`callTool: ${place}: expected a function call, got the type "${type}"`);
}

interface FunctionCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** OpenAI has no field for failures, so their text begins with "Error:". */
function answerer(tools: readonly BridgedTool[]) {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return async (
    { id, name, arguments: text }: FunctionCall,
    { signal }: OpenAICallOptions = {},
  ): Promise<readonly ModelPart[]> => {
    try {
      const tool = byName.get(name);
      if (tool === undefined) throw refusedCall(`there is no tool ${JSON.stringify(name)}`);
      return modelParts(await tool.call(parseArguments(text), { toolCallId: id, signal }));
    } catch (error) {
      if (!(error instanceof ToolExecutionError)) throw error;
      return [{ type: "text", text: "Error:" }, ...modelParts(error.result)];
    }
  };
}

/** Parses arguments. Some models send an empty text for a tool without arguments. */
function parseArguments(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw refusedCall("arguments: expected JSON");
  }
}

function responsePart(part: ModelPart): ResponsePart {
  return isImage(part)
    ? { type: "input_image", image_url: dataUrl(part), detail: "auto" }
    : { type: "input_text", text: partText(part) };
}

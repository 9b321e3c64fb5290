/**
 * Tools that a page offers to its host, for as long as the view exists.
 *
 * @spec ext-apps/apps#app-capabilities-in-uiinitialize
 */
import { type ContentBlock, text } from "../../protocol/content.ts";
import { invalidParams } from "../../protocol/errors.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { CallToolResult, Tool, ToolAnnotations } from "../../protocol/tools.ts";
import type { ToolCallParams } from "../protocol/server-messages.ts";

/** A tool of the page. Create one with `viewTool`, so that the arguments have a type. */
export interface ViewTool {
  readonly name: string;
  readonly title?: string;
  /** Description of the tool for a model. */
  readonly description?: string;
  readonly annotations?: ToolAnnotations;
  /** JSON Schema of the arguments. @default an object without members */
  readonly inputSchema?: JSONObject;
  /** JSON Schema of the structured content. */
  readonly outputSchema?: JSONObject;
  /** Checks the arguments, which come from a model. Throws an error whose message it can read. */
  readonly parse?: (args: JSONObject) => unknown;
  readonly call: (args: never, signal: AbortSignal) => ViewToolReturn | Promise<ViewToolReturn>;
}

/** Text, content blocks, or a result. */
export type ViewToolReturn =
  | string
  | readonly ContentBlock[]
  | (Omit<CallToolResult, "content"> & { readonly content?: readonly ContentBlock[] })
  | undefined;

/** Defines a tool of the page. The arguments have the type that `parse` returns. */
export function viewTool<Arguments = JSONObject>(
  tool: Omit<ViewTool, "parse" | "call"> & {
    readonly parse?: (args: JSONObject) => Arguments;
    readonly call: (
      args: NoInfer<Arguments>,
      signal: AbortSignal,
    ) => ViewToolReturn | Promise<ViewToolReturn>;
  },
): ViewTool {
  return tool;
}

/** Returns the entries of `tools/list`. */
export function shownTools(tools: readonly ViewTool[]): readonly Tool[] {
  return tools.map(({ call, parse, inputSchema = { type: "object" }, ...shown }) => ({
    ...shown,
    inputSchema,
  }));
}

/**
 * Runs a tool. An error of the tool, and arguments that it refuses, become a result with `isError`,
 * so that the model can read the message.
 *
 * @throws {ProtocolError} `invalidParams` for an unknown tool
 */
export async function runTool(
  tools: readonly ViewTool[],
  { name, arguments: args = {} }: ToolCallParams,
  signal: AbortSignal,
): Promise<CallToolResult> {
  const tool = tools.find((candidate) => candidate.name === name);
  if (tool === undefined) throw invalidParams(`Unknown tool: ${name}`);
  try {
    const checked = tool.parse === undefined ? args : tool.parse(args);
    return toResult(await tool.call(checked as never, signal));
  } catch (error) {
    return {
      content: [text(error instanceof Error ? error.message : String(error))],
      isError: true,
    };
  }
}

function toResult(value: ViewToolReturn): CallToolResult {
  if (value === undefined) return { content: [] };
  if (typeof value === "string") return { content: [text(value)] };
  if (Array.isArray(value)) return { content: value as readonly ContentBlock[] };
  const result = value as Exclude<ViewToolReturn, string | readonly ContentBlock[] | undefined>;
  const { structuredContent } = result;
  const carried = structuredContent === undefined ? [] : [text(JSON.stringify(structuredContent))];
  return { ...result, content: result.content ?? carried };
}

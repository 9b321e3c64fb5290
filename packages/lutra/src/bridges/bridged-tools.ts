/**
 * The tools of a server as every framework needs them: listed, selected, named for models, and
 * called.
 *
 * @spec server/tools#calling-tools
 */
import type { InputOptions, RequestOptions } from "../client/request-options.ts";
import { isObject, type JSONObject } from "../protocol/json.ts";
import type { CallToolResult, ListToolsResult, Tool, ToolAnnotations } from "../protocol/tools.ts";
import { type BridgeOptions, type CompleteBridgeOptions, withDefaults } from "./bridge-options.ts";
import { modelNames } from "./model-names.ts";
import { refusedCall, ToolExecutionError } from "./tool-execution-error.ts";

/** The part of a client that bridges use. Every `Client` has it. */
export interface ToolClient {
  listTools(options?: RequestOptions): Promise<ListToolsResult>;
  callTool(
    name: string,
    args?: JSONObject,
    options?: InputOptions<"auto">,
  ): Promise<CallToolResult>;
}

/** The data about a tool that is not sent to the model. */
export type ToolMetadata = {
  /** The name at the server. */
  readonly tool: string;
  readonly title?: string;
  /** Hints of the server about the behaviour of the tool. Trust them as far as the server. */
  readonly annotations?: { readonly [Name in keyof ToolAnnotations]: ToolAnnotations[Name] };
};

/** The JSON Schema of arguments. Frameworks may change it. */
export type ArgumentsSchema = {
  type: "object";
  properties: JSONObject;
  [keyword: string]: unknown;
};

interface CallInfo {
  readonly toolCallId: string | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface BridgedTool {
  /** The name for models. */
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly schema: ArgumentsSchema;
  readonly metadata: ToolMetadata;
  /**
   * Calls the tool.
   *
   * @throws {ToolExecutionError} if the tool failed, or the arguments are not an object
   */
  readonly call: (args: unknown, info: CallInfo) => Promise<CallToolResult>;
}

/**
 * Lists the tools of a server that a model may call. `caller` is the function that messages name.
 *
 * @throws {TypeError} for an invalid option, for an included tool that the server does not list, and
 * for more tools than `maxTools`
 */
export async function bridgedTools(
  caller: string,
  client: ToolClient,
  options: BridgeOptions = {},
): Promise<readonly BridgedTool[]> {
  const complete = withDefaults(caller, options);
  const { tools } = await client.listTools({ signal: complete.signal });
  const selected = select(caller, tools, complete);
  const names = modelNames(selected.map(({ name }) => name));
  return selected.map((tool, index) =>
    bridgedTool(client, { tool, name: names[index] ?? tool.name, options: complete }),
  );
}

function select(
  caller: string,
  tools: readonly Tool[],
  { include, exclude, maxTools }: CompleteBridgeOptions,
): readonly Tool[] {
  const listed = new Map(tools.map((tool) => [tool.name, tool]));
  const missing = include?.find((name) => !listed.has(name));
  if (missing !== undefined) {
    throw new TypeError(`${caller}: include: the server does not list the tool "${missing}"`);
  }
  for (const name of exclude) listed.delete(name);
  const selected = [...listed.values()].filter(({ name }) => include?.includes(name) ?? true);
  if (selected.length <= maxTools) return selected;
  throw new TypeError(
    `${caller}: expected at most ${maxTools} tools, got ${selected.length}; select tools with include or exclude, or raise maxTools`,
  );
}

interface Selected {
  readonly tool: Tool;
  readonly name: string;
  readonly options: CompleteBridgeOptions;
}

function bridgedTool(client: ToolClient, { tool, name, options }: Selected): BridgedTool {
  const { onProgress } = options;
  const title = tool.title ?? tool.annotations?.title;
  return {
    name,
    title,
    description: tool.description ?? title,
    schema: schemaOf(tool),
    metadata: metadataOf(tool, title),
    call: async (args = {}, { toolCallId, signal }) => {
      if (!isObject(args)) throw refusedCall("arguments: expected an object");
      const call = { tool: tool.name, toolCallId };
      const result = await client.callTool(tool.name, args, {
        signal,
        onProgress: onProgress && ((progress) => onProgress(progress, call)),
      });
      if (result.isError === true) throw new ToolExecutionError(result);
      return result;
    },
  };
}

/** Providers refuse schemas without `properties`. The copy protects the response cache. */
function schemaOf({ inputSchema }: Tool): ArgumentsSchema {
  const { properties, ...schema } = structuredClone(inputSchema);
  return { ...schema, type: "object", properties: isObject(properties) ? properties : {} };
}

function metadataOf({ name, annotations }: Tool, title: string | undefined): ToolMetadata {
  return {
    tool: name,
    ...(title !== undefined && { title }),
    ...(annotations !== undefined && { annotations }),
  };
}

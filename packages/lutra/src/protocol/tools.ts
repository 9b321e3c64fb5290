/**
 * Tools: functions of a server that a model can call.
 *
 * @spec server/tools
 */
import type { CacheableResult } from "./caching.ts";
import { type ContentBlock, contentBlock } from "./content.ts";
import type { Icon } from "./icons.ts";
import { type InputResponseParams, parseInputResponseParams } from "./input-responses.ts";
import type { JSONObject } from "./json.ts";
import type { Result } from "./json-rpc.ts";
import type { Method } from "./method.ts";
import { defineMethod, optionalObject, requireString } from "./method.ts";
import type { PaginatedParams } from "./pagination.ts";
import { parsePaginatedParams } from "./pagination.ts";
import { boolean, descriptive, listOf, object, optional, parserOf, string } from "./shape.ts";

/** Hints about the behaviour of a tool. Clients treat them as untrusted. */
export interface ToolAnnotations {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

/** An entry of `tools/list`. */
export interface Tool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly icons?: readonly Icon[];
  /** JSON Schema 2020-12 of the arguments, with the type `object`. */
  readonly inputSchema: JSONObject;
  /** JSON Schema 2020-12 of `structuredContent`. */
  readonly outputSchema?: JSONObject;
  readonly annotations?: ToolAnnotations;
  readonly _meta?: JSONObject;
}

export interface ListToolsResult extends CacheableResult {
  readonly tools: readonly Tool[];
  readonly nextCursor?: string;
}

export interface CallToolParams extends InputResponseParams {
  readonly name: string;
  readonly arguments: JSONObject;
}

export interface CallToolResult extends Result {
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: unknown;
  /** True when the tool failed. A model can read `content` and try again. */
  readonly isError?: boolean;
}

export const listTools: Method<PaginatedParams, ListToolsResult> = defineMethod({
  name: "tools/list",
  params: parsePaginatedParams,
  result: parserOf(
    object({
      tools: listOf(
        object({
          ...descriptive,
          inputSchema: object(),
          outputSchema: optional(object()),
          annotations: optional(object()),
        }),
      ),
      nextCursor: optional(string),
    }),
  ),
  capability: "tools",
  cacheable: true,
  changedBy: "toolsListChanged",
  safe: true,
});

export const callTool: Method<CallToolParams, CallToolResult> = defineMethod({
  name: "tools/call",
  params: (params) => {
    const name = requireString(params, "name");
    const args = optionalObject(params, "arguments") ?? {};
    const { inputResponses, requestState } = parseInputResponseParams(params);
    return { name, arguments: args, inputResponses, requestState };
  },
  result: parserOf(object({ content: listOf(contentBlock), isError: optional(boolean) })),
  nameField: "name",
  capability: "tools",
  inputRequired: true,
  annotated: true,
  paramHeaders: true,
});

/** Returns true for a name that all implementations accept: 1 to 128 of A-Z, a-z, 0-9, `_-.`. */
export function isPortableName(name: string): boolean {
  return /^[A-Za-z0-9_.-]{1,128}$/.test(name);
}

/**
 * Tools: lists them, calls them.
 *
 * @spec server/tools
 */
import { isProtocolError } from "../protocol/errors.ts";
import { encodeHeaderParams } from "../protocol/header-params.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { malformed } from "../protocol/method.ts";
import {
  type CallToolResult,
  callTool,
  type ListToolsResult,
  listTools,
} from "../protocol/tools.ts";
import type { FollowedCall } from "./extension.ts";
import type { Lists } from "./lists.ts";
import type { InputOptions, RequestOptions } from "./request-options.ts";
import { noOptions, type Sender, send } from "./send.ts";
import { type KnownTool, nonconforming, ToolCatalogue } from "./tool-catalogue.ts";
import { untilAborted } from "./wait.ts";

export interface Tools {
  readonly list: (options?: RequestOptions) => Promise<ListToolsResult>;
  readonly listPage: (cursor?: string, options?: RequestOptions) => Promise<ListToolsResult>;
  readonly call: (
    name: string,
    args?: JSONObject,
    options?: InputOptions,
  ) => Promise<CallToolResult>;
  /** Calls a tool, and gives its result as it comes, also one of an extension's type. */
  readonly callOnce: Tools["call"];
  /** Checks a complete result by the tool's output schema, where the client does so. */
  readonly check: (name: string, result: CallToolResult, options: InputOptions) => Promise<void>;
  /** True for calls of tools whose own word is that a second execution does no harm. */
  readonly claimsSafe: (request: JSONRPCRequest) => boolean;
  /** Says that the list may have changed. */
  readonly forget: () => void;
}

/** Follows a result of an extension's type; gives others back as they are. */
export type Follow = (result: CallToolResult, call: FollowedCall) => Promise<CallToolResult>;

export function createTools(
  sender: Sender,
  lists: Lists,
  { mirrorsHeaders, follow }: { readonly mirrorsHeaders: boolean; readonly follow: Follow },
): Tools {
  const { validateStructuredContent } = sender.options;
  const catalogue = new ToolCatalogue(sender.options, mirrorsHeaders);
  let loading: Promise<unknown> | undefined;

  async function list(options?: RequestOptions): Promise<ListToolsResult> {
    const result = await lists.all(listTools, "tools", options);
    catalogue.replace(result.tools);
    return lists.withEntries(result, "tools", catalogue.usable(result.tools));
  }

  async function listPage(cursor?: string, options?: RequestOptions): Promise<ListToolsResult> {
    const result = await lists.page(listTools, cursor, options);
    catalogue.add(result.tools);
    return lists.withEntries(result, "tools", catalogue.usable(result.tools));
  }

  /** Learns the list once for all calls that need it. */
  function load(): Promise<unknown> {
    loading ??= list().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  async function reload(options: InputOptions): Promise<void> {
    await lists.forget(listTools);
    await untilAborted(load(), options.signal);
  }

  async function call(
    name: string,
    args: JSONObject = {},
    options: InputOptions = noOptions,
  ): Promise<CallToolResult> {
    const first = await callOnce(name, args, options);
    const isEnd = first.resultType === undefined || first.resultType === "complete";
    const result = isEnd ? first : await follow(first, { name, options });
    await check(name, result, options);
    return result;
  }

  /** @spec basic/transports/streamable-http#client-behavior */
  async function callOnce(
    name: string,
    args: JSONObject = {},
    options: InputOptions = noOptions,
  ): Promise<CallToolResult> {
    const params = { name, arguments: args };
    if (mirrorsHeaders && !catalogue.isComplete && catalogue.get(name) === undefined) {
      await untilAborted(load(), options.signal);
    }
    try {
      return await sendCall(sender, catalogue.get(name), { params, options });
    } catch (error) {
      if (!mirrorsHeaders || !isHeaderMismatch(error)) throw error;
      await reload(options);
      return sendCall(sender, catalogue.get(name), { params, options });
    }
  }

  /** The schema may have changed since the list was read, so a mismatch is looked into once. */
  async function check(name: string, result: CallToolResult, options: InputOptions): Promise<void> {
    const isEnd = (result.resultType ?? "complete") === "complete";
    if (!validateStructuredContent || !isEnd) return;
    const known = catalogue.get(name);
    if (known === undefined || catalogue.problemWith(known, result) === undefined) return;
    await reload(options);
    const current = catalogue.get(name);
    const problem = current && catalogue.problemWith(current, result);
    if (problem !== undefined) throw nonconforming(name, problem, result);
  }

  return {
    list,
    listPage,
    call,
    callOnce,
    check,
    claimsSafe: (request) => claimsSafe(catalogue, request),
    forget: () => catalogue.forget(),
  };
}

function sendCall(
  sender: Sender,
  known: KnownTool | undefined,
  { params, options }: { readonly params: CallParams; readonly options: InputOptions },
): Promise<CallToolResult> {
  if (known?.rejected !== undefined) throw malformed(`tools/list: ${known.rejected}`);
  const headerParams = known?.headerParams ?? [];
  const addHeaders =
    headerParams.length === 0 ? undefined : encodeHeaderParams(headerParams, params.arguments);
  return send(sender, { method: callTool, params, options, addHeaders });
}

function claimsSafe(catalogue: ToolCatalogue, { method, params }: JSONRPCRequest): boolean {
  if (method !== callTool.name) return false;
  const annotations = catalogue.get(String(params?.name))?.tool.annotations;
  return annotations?.readOnlyHint === true || annotations?.idempotentHint === true;
}

type CallParams = JSONObject & { readonly arguments: JSONObject };

function isHeaderMismatch(error: unknown): boolean {
  return isProtocolError(error) && error.peer && error.reason === "headerMismatch";
}

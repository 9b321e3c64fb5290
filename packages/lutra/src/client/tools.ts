/**
 * Lists tools and calls them.
 *
 * @spec server/tools
 */
import { isProtocolError } from "../protocol/errors.ts";
import type { Transport } from "../protocol/exchange.ts";
import { encodeHeaderParams } from "../protocol/header-params.ts";
import type { JSONObject } from "../protocol/json.ts";
import { malformed, type RepeatHints } from "../protocol/method.ts";
import {
  type CallToolResult,
  callTool,
  type ListToolsResult,
  listTools,
  type Tool,
} from "../protocol/tools.ts";
import type { Lists } from "./lists.ts";
import type { RequestOptions } from "./request-options.ts";
import { budgetOf, type CallOptions, isComplete, noOptions, type Sender, send } from "./send.ts";
import { SharedWork } from "./shared-work.ts";
import { type KnownTool, nonconforming, ToolCatalogue } from "./tool-catalogue.ts";

export interface Tools {
  readonly list: (options?: RequestOptions) => Promise<ListToolsResult>;
  readonly listPage: (cursor?: string, options?: RequestOptions) => Promise<ListToolsResult>;
  /**
   * Calls a tool and returns its result unchanged, even if it has a type that an extension added.
   */
  readonly call: (
    name: string,
    args?: JSONObject,
    options?: CallOptions,
  ) => Promise<CallToolResult>;
  /**
   * Validates a complete result against the tool's output schema, unless validation is disabled.
   */
  readonly check: (name: string, result: CallToolResult, options: CallOptions) => Promise<void>;
  /** Returns the annotations of a tool, or `undefined` if the tool has not been listed. */
  readonly annotationsOf: (name: string) => RepeatHints | undefined;
  /** Discards the tools that were read from `tools/list`. */
  readonly forget: () => void;
}

export function createTools(
  sender: Sender,
  lists: Lists,
  transport: Pick<Transport, "mirrorsHeaders">,
): Tools {
  const { validateStructuredContent } = sender.options;
  const catalogue = new ToolCatalogue(sender.options, transport);
  /** The list of tools for calls that need it. */
  const loading = new SharedWork((signal) => list({ signal }));

  async function list(options?: CallOptions): Promise<ListToolsResult> {
    const result = await lists.all(listTools, "tools", options);
    catalogue.replace(result.tools);
    return lists.withEntries(result, "tools", catalogue.usable(result.tools));
  }

  async function listPage(cursor?: string, options?: RequestOptions): Promise<ListToolsResult> {
    const result = await lists.page(listTools, cursor, options);
    catalogue.add(result.tools);
    return lists.withEntries(result, "tools", catalogue.usable(result.tools));
  }

  /** Waits for work that a call needs, no longer than the call may wait. */
  function waitFor(options: CallOptions, work: (signal: AbortSignal) => Promise<void>) {
    const { signal, timeoutMs = sender.options.timeoutMs } = options;
    return budgetOf(sender, options).wait({ timeoutMs, signal }, work);
  }

  async function reload(signal: AbortSignal): Promise<void> {
    await lists.forget(listTools);
    await loading.join(signal);
  }

  /**
   * Calls a tool. Lists the tools first if the transport needs the tool's header annotations, and
   * again if the server rejects the headers.
   *
   * @spec basic/transports/streamable-http#client-behavior
   */
  async function call(
    name: string,
    args: JSONObject = {},
    init: CallOptions = noOptions,
  ): Promise<CallToolResult> {
    const params = { name, arguments: args };
    const options = { ...init, budget: budgetOf(sender, init) };
    if (transport.mirrorsHeaders && !catalogue.isComplete && catalogue.get(name) === undefined) {
      await waitFor(options, (signal) => loading.join(signal));
    }
    const sendCall = () => {
      const addHeaders = paramHeaders(catalogue.get(name), args);
      return send(sender, { method: callTool, params, options, addHeaders });
    };
    try {
      return await sendCall();
    } catch (error) {
      if (!transport.mirrorsHeaders || !isHeaderMismatch(error)) throw error;
      await waitFor(options, reload);
      return sendCall();
    }
  }

  /** On a mismatch, lists the tools, and validates again if the schema has changed. */
  async function check(name: string, result: CallToolResult, options: CallOptions): Promise<void> {
    if (!validateStructuredContent || !isComplete(result)) return;
    const known = catalogue.get(name);
    const problem = known && catalogue.problemWith(known, result);
    if (problem === undefined) return;
    await waitFor(options, reload);
    const current = catalogue.get(name);
    if (current === undefined) return;
    const isSame = hasSameOutput(current.tool, known?.tool);
    const remaining = isSame ? problem : catalogue.problemWith(current, result);
    if (remaining !== undefined) throw nonconforming(name, remaining, result);
  }

  return {
    list,
    listPage,
    call,
    check,
    annotationsOf: (name) => catalogue.get(name)?.tool.annotations,
    forget: () => catalogue.forget(),
  };
}

/** Compares output schemas, because a second validation takes as long as the first. */
function hasSameOutput(one: Tool, other: Tool | undefined): boolean {
  return JSON.stringify(one.outputSchema) === JSON.stringify(other?.outputSchema);
}

/** @throws {TransportError} `malformed` for a tool with invalid header annotations */
function paramHeaders(known: KnownTool | undefined, args: JSONObject) {
  if (known?.rejected !== undefined) throw malformed(`tools/list: ${known.rejected}`);
  const headerParams = known?.headerParams ?? [];
  return headerParams.length === 0 ? undefined : encodeHeaderParams(headerParams, args);
}

function isHeaderMismatch(error: unknown): boolean {
  return isProtocolError(error) && error.peer && error.reason === "headerMismatch";
}

/**
 * One request to the one upstream it belongs to, and what comes back in the client's terms: names,
 * URIs, request state and ids. Progress and log messages pass through unchanged.
 *
 * @spec basic/patterns/mrtr, basic/patterns/progress
 */
import {
  encodeHeaderValue,
  inputRequired,
  type JSONObject,
  type RequestContext,
  type Result,
} from "lutra/protocol";
import { recordOf } from "../exchange-record.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import type { ListName } from "./list-kinds.ts";
import type { MintedIdKind } from "./minted-ids.ts";
import { type Caller, renamedContext } from "./own-request.ts";
import type { Refresh } from "./refresh.ts";
import { invalidParams, type Renaming, renameInError } from "./refusals.ts";
import { showUris } from "./result-uris.ts";
import type { RoutingTable } from "./routing-table.ts";
import type { Seals } from "./seals.ts";
import { isUiUri } from "./uri-forms.ts";

const resourceLists: readonly ListName[] = ["resources", "resourceTemplates"];

export interface ForwardOptions {
  readonly table: RoutingTable;
  readonly refresh: Refresh;
  readonly seals: Seals;
  readonly mintedIds: readonly MintedIdKind[];
}

/** Where a request goes. */
export interface Target extends Renaming {
  readonly upstream: Upstream;
  /** The parameters in the upstream's terms, request state aside. */
  readonly params: JSONObject;
  /** What the name is: that of a tool or prompt, a URI, an id, or what a completion is about. */
  readonly by: "name" | "uri" | "id" | "reference";
}

export type ForwardTo = (target: Target, caller: Caller) => Promise<Result>;

export function createForward(options: ForwardOptions): ForwardTo {
  const { table, refresh, seals, mintedIds } = options;

  /**
   * Gives the upstream its own request state back. Answers go to the upstream that asked, even where
   * the name has come to mean another one since.
   *
   * @spec basic/patterns/mrtr#server-requirements-basic-workflow
   */
  async function withOwnState(target: Target, { request, context }: Caller): Promise<JSONObject> {
    const { requestState, ...params } = target.params;
    if (requestState === undefined) return target.params;
    const opened =
      typeof requestState === "string"
        ? await seals.states.open(requestState, { context, method: request.method })
        : undefined;
    if (opened?.upstream !== target.upstream.name) {
      throw invalidParams("params.requestState: not valid for this request");
    }
    return opened.state === undefined ? params : { ...params, requestState: opened.state };
  }

  /** State is sealed also where there is none, so that the answers return to who asked. */
  async function sealState(result: Result, target: Target, { request, context }: Caller) {
    const { requestState: state } = result;
    const upstream = target.upstream.name;
    const sealed = await seals.states.seal(
      { upstream, ...(typeof state === "string" && { state }) },
      { context, method: request.method },
    );
    return { ...result, requestState: sealed };
  }

  /** An id that the client sent comes back as it sent it. */
  async function sealIds(result: Result, target: Target, context: RequestContext) {
    const sealed: Record<string, unknown> = { ...result };
    const upstream = target.upstream.name;
    for (const { field } of mintedIds) {
      const id = result[field];
      if (typeof id !== "string") continue;
      sealed[field] =
        target.by === "id" && id === target.original
          ? target.sent
          : await seals.ids.seal({ upstream, id }, context);
    }
    return sealed as Result;
  }

  /** The lists are only waited for where they decide how a URI is shown. */
  async function shownUris(result: Result, target: Target, caller: Caller): Promise<Result> {
    const { upstream, original, sent, by } = target;
    let dependsOnLists = false;
    const show = (uri: string): string => {
      if (by === "uri" && uri === original) return sent;
      dependsOnLists ||= !isUiUri(uri);
      return table.uris.show(upstream.name, uri);
    };
    const shown = showUris(result, show);
    if (!dependsOnLists || table.isCurrent(resourceLists)) return shown;
    await refresh.ensure(resourceLists, caller);
    return showUris(result, show);
  }

  return async (target, caller) => {
    const params = await withOwnState(target, caller);
    const { request, context } = caller;
    const record = recordOf(context);
    if (record !== undefined) record.upstream = target.upstream.name;
    let result: Result;
    try {
      const forwarded = params === request.params ? request : { ...request, params };
      result = await target.upstream.serve(forwarded, contextFor(target, context));
    } catch (error) {
      throw renameInError(error, target);
    }
    const { resultType = "complete" } = result;
    if (resultType === inputRequired) return sealState(result, target, caller);
    const own =
      resultType !== "complete" || target.by === "id"
        ? await sealIds(result, target, context)
        : result;
    return shownUris(own, target, caller);
  };
}

/**
 * The context in which the headers say the same as the body. Of a method that only an extension
 * knows, no transport knows that its id goes into a header.
 *
 * @spec basic/transports/streamable-http#standard-request-headers
 */
function contextFor({ by, sent, original }: Target, context: RequestContext): RequestContext {
  if (by === "reference" || (by !== "id" && sent === original)) return context;
  const renamed = renamedContext(context, original);
  if (by !== "id") return renamed;
  return { ...renamed, addHeaders: { "Mcp-Name": encodeHeaderValue(original) } };
}

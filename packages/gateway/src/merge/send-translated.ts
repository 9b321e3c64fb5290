/**
 * Sends a request to its upstream and translates names, URIs, request state and ids between the
 * client and the upstream. Progress and log messages pass through unchanged.
 *
 * @spec basic/patterns/mrtr, basic/patterns/progress
 */
import { invalidParams } from "lutra/internal";
import {
  encodeHeaderValue,
  inputRequired,
  type JSONObject,
  type RequestContext,
  type Result,
} from "lutra/protocol";
import { answerIn } from "../delivery/kept-answer.ts";
import { recordOf } from "../exchange-record.ts";
import type { ListName } from "../subjects/list-kinds.ts";
import { isUiUri } from "../subjects/uri-forms.ts";
import type { Target } from "./find-upstream.ts";
import type { MintedIdKind } from "./minted-ids.ts";
import { type ReceivedRequest, renamedContext } from "./own-request.ts";
import type { Refresh } from "./refresh.ts";
import { renameInError } from "./rename-error.ts";
import { showUris } from "./result-uris.ts";
import type { RoutingTable } from "./routing-table.ts";
import { callerKey, type Seals } from "./seals.ts";

const resourceLists: readonly ListName[] = ["resources", "resourceTemplates"];

export interface SendTranslatedOptions {
  readonly table: RoutingTable;
  readonly refresh: Refresh;
  readonly seals: Seals;
  readonly mintedIds: readonly MintedIdKind[];
}

export type SendTranslated = (target: Target, received: ReceivedRequest) => Promise<Result>;

export function createSendTranslated(options: SendTranslatedOptions): SendTranslated {
  const { seals, mintedIds } = options;

  /**
   * Replaces sealed request state with the upstream's own. Refuses the state of another upstream:
   * the name may meanwhile belong to a different one, and only the upstream that asked may receive
   * the answers.
   *
   * @spec basic/patterns/mrtr#server-requirements-basic-workflow
   */
  async function openState(
    target: Target,
    { request, context }: ReceivedRequest,
  ): Promise<JSONObject> {
    const translated = target.translate(request.params ?? {});
    const { requestState, ...params } = translated;
    if (requestState === undefined) return translated;
    const opened =
      typeof requestState === "string"
        ? await seals.states.open(requestState, { context, method: request.method })
        : undefined;
    if (opened?.upstream !== target.upstream.name) {
      throw invalidParams("params.requestState: not valid for this request");
    }
    return opened.state === undefined ? params : { ...params, requestState: opened.state };
  }

  /** Seals request state, even if the upstream sent none, so that the answers return to it. */
  async function sealState(result: Result, target: Target, { request, context }: ReceivedRequest) {
    const { requestState: state } = result;
    const upstream = target.upstream.name;
    const sealed = await seals.states.seal(
      { upstream, ...(typeof state === "string" && { state }) },
      { context, method: request.method },
    );
    return { ...result, requestState: sealed };
  }

  /** Seals the ids in a result. The id that the request named is returned as the client sent it. */
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

  return async (target, received) => {
    const params = await openState(target, received);
    const { request, context } = received;
    recordTarget(target, context);
    let result: Result;
    try {
      const translated = params === request.params ? request : { ...request, params };
      const answer = answerIn(context);
      result = await (answer === undefined
        ? target.upstream.serve(translated, contextFor(target, context))
        : answer.result(translated, context));
    } catch (error) {
      throw renameInError(error, target);
    }
    const { resultType = "complete" } = result;
    if (resultType === inputRequired) return sealState(result, target, received);
    const hasIds = resultType !== "complete" || target.by === "id";
    const sealed = hasIds ? await sealIds(result, target, context) : result;
    return translateUris(sealed, target, { received, options });
  };
}

interface Translating {
  readonly received: ReceivedRequest;
  readonly options: SendTranslatedOptions;
}

/** Translates the URIs of a result. Waits for the lists only if a URI depends on them. */
async function translateUris(
  result: Result,
  { upstream, original, sent, by, showResult }: Target,
  { received, options: { table, refresh } }: Translating,
): Promise<Result> {
  if (showResult !== undefined) return showResult(result, original, sent);
  const caller = callerKey(received.context);
  let dependsOnLists = false;
  const show = (uri: string): string => {
    if (by === "uri" && uri === original) return sent;
    dependsOnLists ||= !isUiUri(uri);
    return table.of(caller).uris.show(upstream.name, uri);
  };
  const shown = showUris(result, show);
  if (!dependsOnLists || table.isCurrent(resourceLists, caller)) return shown;
  await refresh.ensure(resourceLists, received);
  return showUris(result, show);
}

function recordTarget({ upstream, subject }: Target, context: RequestContext): void {
  const record = recordOf(context);
  if (record !== undefined) Object.assign(record, { upstream: upstream.name, subject });
}

/**
 * Returns the context whose headers match the translated body. Transports do not know which
 * parameter of an extension method is mirrored into `Mcp-Name`, so that header is added here.
 *
 * @spec basic/transports/streamable-http#standard-request-headers
 */
function contextFor({ by, sent, original }: Target, context: RequestContext): RequestContext {
  if (by === "reference" || (by !== "id" && sent === original)) return context;
  const renamed = renamedContext(context, original);
  if (by !== "id") return renamed;
  return { ...renamed, addHeaders: { "Mcp-Name": encodeHeaderValue(original) } };
}

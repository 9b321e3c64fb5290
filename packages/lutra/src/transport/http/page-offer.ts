/** The entries that a server offers to a caller, for a page. */
import { discover } from "../../protocol/discover.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { metaKeys } from "../../protocol/meta.ts";
import type { Method } from "../../protocol/method.ts";
import { listPrompts } from "../../protocol/prompts.ts";
import { listResources, listResourceTemplates } from "../../protocol/resources.ts";
import { listTools } from "../../protocol/tools.ts";
import { latestVersion } from "../../protocol/versioning.ts";

/** Answers a request as it answers one of the page's visitor. */
export type Ask = (request: JSONRPCRequest) => Promise<Result>;

type ListKind = "tools" | "resources" | "resourceTemplates" | "prompts";

export interface OfferedList {
  readonly kind: ListKind;
  /** The first entries. */
  readonly entries: readonly JSONObject[];
  /** Number of entries, at least if `isPartial`. */
  readonly count: number;
  /** True when the server has more entries than were counted. */
  readonly isPartial: boolean;
}

export interface Offer {
  /** The description that the server gives of itself. */
  readonly info: JSONObject;
  readonly instructions: string | undefined;
  /** Lists that the visitor may not see are absent. */
  readonly lists: readonly OfferedList[];
}

/** The reason why a page shows no offer. */
export type NoOffer = "credentials" | "unavailable";

/** Maximum number of entries of a list that a page shows. */
const maxShown = 100;

/** Maximum number of pages of a list that are read to count its entries. */
const maxPages = 10;

/** The methods that list entries. The results have the kind as a member. */
const lists: { readonly [Kind in ListKind]: Pick<Method, "name" | "capability"> } = {
  tools: listTools,
  resources: listResources,
  resourceTemplates: listResourceTemplates,
  prompts: listPrompts,
};

/**
 * Reads what a server offers.
 *
 * @param visit Returns the function that asks as the visitor; rejects if the visitor is refused
 */
export async function readOffer(visit: () => Promise<Ask>): Promise<Offer | NoOffer> {
  try {
    const ask = await visit();
    return await offerOf(await ask(requestOf(discover)), ask);
  } catch (thrown) {
    const { status } = ProtocolError.from(thrown);
    return status === 401 || status === 403 ? "credentials" : "unavailable";
  }
}

async function offerOf(discovered: Result, ask: Ask): Promise<Offer> {
  const { capabilities, instructions, _meta } = discovered;
  const offered = isObject(capabilities) ? capabilities : {};
  const kinds = (Object.keys(lists) as ListKind[]).filter(
    (kind) => offered[lists[kind].capability ?? ""] !== undefined,
  );
  const read = await Promise.all(kinds.map((kind) => readList(ask, kind)));
  const info = _meta?.[metaKeys.serverInfo];
  return {
    info: isObject(info) ? info : {},
    instructions: typeof instructions === "string" ? instructions : undefined,
    lists: read.filter((list) => list !== undefined),
  };
}

async function readList(ask: Ask, kind: ListKind): Promise<OfferedList | undefined> {
  const entries: JSONObject[] = [];
  let count = 0;
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const params = cursor === undefined ? {} : { cursor };
    // The page does not show why a list is refused.
    const answer = await ask(requestOf(lists[kind], params)).catch(() => undefined);
    const members: unknown = answer?.[kind];
    if (answer === undefined || !Array.isArray(members)) return undefined;
    count += members.length;
    entries.push(...members.filter(isObject).slice(0, maxShown - entries.length));
    cursor = typeof answer.nextCursor === "string" ? answer.nextCursor : undefined;
    if (cursor === undefined) break;
  }
  return { kind, entries, count, isPartial: cursor !== undefined };
}

function requestOf({ name }: Pick<Method, "name">, params: JSONObject = {}): JSONRPCRequest {
  const _meta = {
    [metaKeys.protocolVersion]: latestVersion,
    [metaKeys.clientInfo]: { name: "lutra-page", version: "1" },
    [metaKeys.clientCapabilities]: {},
  };
  return { jsonrpc: "2.0", id: "page", method: name, params: { ...params, _meta } };
}

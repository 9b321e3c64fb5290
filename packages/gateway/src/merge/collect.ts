/** Whole lists of all upstreams, page by page. */
import {
  type CacheHints,
  isObject,
  type JSONObject,
  type Result,
  readCacheHints,
} from "lutra/protocol";
import type { Upstream } from "../upstreams/upstream.ts";
import { type ListKind, type ListName, listKinds } from "./list-kinds.ts";
import { type Caller, ownContext, ownRequest } from "./own-request.ts";
import { askEach, isNotOffered, mergedHints, type Question } from "./parts.ts";
import type { RoutingTable } from "./routing-table.ts";

/** An entry of a list, as its upstream shows it. */
export interface Entry {
  readonly upstream: string;
  readonly key: string;
  readonly shown: JSONObject;
}

/** The lists of all upstreams as one. */
export interface Collection {
  /** In the order of the upstreams, and there in the upstream's own. */
  readonly entries: readonly Entry[];
  readonly hints: CacheHints;
  /** The upstreams whose entries are not all there. */
  readonly missing: readonly string[];
}

export interface Collecting extends Pick<Question<unknown>, "onFailure"> {
  readonly upstreams: readonly Upstream[];
  readonly table: RoutingTable;
  /** How many pages of one upstream are read. */
  readonly maxPages: number;
  readonly partMs: number;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

interface UpstreamList {
  readonly entries: readonly Entry[];
  readonly hints: CacheHints;
  /** Whether the upstream has more pages than are read. */
  readonly isCut: boolean;
}

/** Reads a list of all upstreams as the caller sees it, and teaches the table what is there. */
export async function collect(
  list: ListName,
  caller: Caller,
  collecting: Collecting,
): Promise<Collection> {
  const { upstreams, table, partMs, onWarning, onFailure } = collecting;
  const kind = listKinds[list];
  const { parts, missing } = await askEach(upstreams, {
    method: kind.method.name,
    context: caller.context,
    partMs,
    onWarning,
    onFailure,
    ask: async (upstream, signal) => {
      const read = await readList(kind, { upstream, caller, signal, collecting }).catch((error) => {
        if (isNotOffered(error)) table.learn(list, { ...nothing, upstream: upstream.name });
        throw error;
      });
      const keys = read.entries.map(({ key }) => key);
      table.learn(list, { upstream: upstream.name, keys, scope: read.hints.cacheScope });
      return read;
    },
  });
  const cut = parts.filter(({ answer }) => answer.isCut).map(({ upstream }) => upstream.name);
  for (const name of cut) onWarning(`${kind.method.name}: ${name} has too many pages`);
  const incomplete = upstreams
    .map(({ name }) => name)
    .filter((name) => missing.includes(name) || cut.includes(name));
  return {
    entries: parts.flatMap(({ answer }) => answer.entries),
    hints: mergedHints(
      parts.map(({ answer }) => answer.hints),
      incomplete,
    ),
    missing: incomplete,
  };
}

const nothing = { keys: [], scope: "public" } as const;

interface Reading {
  readonly upstream: Upstream;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly collecting: Collecting;
}

/** @spec server/utilities/pagination#pagination-flow */
async function readList(kind: ListKind, reading: Reading): Promise<UpstreamList> {
  const { upstream, caller, signal, collecting } = reading;
  const entries = new Map<string, Entry>();
  const hints: CacheHints[] = [];
  const cursors = new Set<string>();
  let params: JSONObject = {};
  for (let page = 0; page < collecting.maxPages; page += 1) {
    const request = ownRequest(caller, kind.method.name, params);
    const context = ownContext(caller, kind.method.name, signal);
    const result = kind.method.result(await upstream.serve(request, context));
    addEntries(entries, { kind, upstream: upstream.name, result });
    hints.push(readCacheHints(result));
    const cursor = nextCursorOf(result);
    if (cursor === undefined) return whole(entries, hints, false);
    // An upstream that gives a cursor twice would never come to an end.
    if (cursors.has(cursor)) break;
    cursors.add(cursor);
    params = { cursor };
  }
  return whole(entries, hints, true);
}

function whole(
  entries: ReadonlyMap<string, Entry>,
  hints: readonly CacheHints[],
  isCut: boolean,
): UpstreamList {
  return { entries: [...entries.values()], hints: mergedHints(hints, []), isCut };
}

/** Takes the entries over. What has no key can't be asked for, and of two with one key the first. */
function addEntries(
  entries: Map<string, Entry>,
  page: { readonly kind: ListKind; readonly upstream: string; readonly result: Result },
): void {
  const { kind, upstream, result } = page;
  for (const shown of result[kind.field] as readonly unknown[]) {
    const key = isObject(shown) ? shown[kind.key] : undefined;
    if (typeof key !== "string" || entries.has(key)) continue;
    entries.set(key, { upstream, key, shown: shown as JSONObject });
  }
}

function nextCursorOf(result: Result): string | undefined {
  const { nextCursor } = result;
  return typeof nextCursor === "string" ? nextCursor : undefined;
}

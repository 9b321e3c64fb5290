/** Reads complete lists from all upstreams, page by page. */
import {
  type CacheHints,
  isObject,
  type JSONObject,
  type Result,
  readCacheHints,
} from "lutra/protocol";
import { type ListKind, type ListName, listKinds } from "../subjects/list-kinds.ts";
import { Subject } from "../subjects/subject.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import { askUpstreams, type UpstreamQuestion } from "./ask-upstreams.ts";
import { isMethodNotFound } from "./merge-errors.ts";
import { isStale, mergedHints, type PartialUpstreams } from "./merged-result.ts";
import { ownContext, ownRequest, type ReceivedRequest } from "./own-request.ts";
import { maxKeys, type RoutingTable } from "./routing-table.ts";
import { callerKey } from "./seals.ts";

/** An entry of a list as its upstream sent it. */
export interface ListEntry {
  readonly upstream: string;
  readonly key: string;
  readonly shown: JSONObject;
}

/** One list with the entries of all upstreams. */
export interface CollectedList extends PartialUpstreams {
  /** In the order of the upstreams, and for each upstream in the order that it sent. */
  readonly entries: readonly ListEntry[];
  readonly hints: CacheHints;
}

export interface CollectOptions extends Pick<UpstreamQuestion<unknown>, "onFailure"> {
  readonly upstreams: readonly Upstream[];
  readonly table: RoutingTable;
  /** Maximum number of pages that are read from one upstream. */
  readonly maxPages: number;
  readonly partMs: number;
  /** Returns false for an entry that lists leave out. Its name stays reserved. @default all are shown */
  readonly isShown?: ((entry: Subject) => boolean) | undefined;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

/** Maximum length of the pages of one list as JSON, in characters, before a further page is read. */
const maxListLength = 67_108_864;

interface UpstreamList {
  readonly entries: readonly ListEntry[];
  readonly hints: CacheHints;
  /** True if the upstream has more entries or pages than are read. */
  readonly isTruncated: boolean;
  /** True if any page is a stale response from the cache. */
  readonly isStale: boolean;
}

/** Reads a list of all upstreams as the client sees it, and updates the routing table. */
export async function collect(
  list: ListName,
  received: ReceivedRequest,
  options: CollectOptions,
): Promise<CollectedList> {
  const { upstreams, table, partMs, onWarning, onFailure } = options;
  const kind = listKinds[list];
  const caller = callerKey(received.context);
  const { answers, missing } = await askUpstreams(upstreams, {
    method: kind.method.name,
    context: received.context,
    isOptional: true,
    partMs,
    onWarning,
    onFailure,
    ask: async (upstream, signal) => {
      const { name } = upstream;
      const reading = { upstream, received, signal, maxPages: options.maxPages };
      const read = await readList(kind, reading).catch((error) => {
        if (isMethodNotFound(error)) table.update(list, { ...emptyList, upstream: name, caller });
        throw error;
      });
      const keys = read.entries.map(({ key }) => key);
      table.update(list, { upstream: name, keys, scope: read.hints.cacheScope, caller });
      return read;
    },
  });
  const truncated = answers
    .filter(({ answer }) => answer.isTruncated)
    .map(({ upstream }) => upstream.name);
  for (const name of truncated) {
    const limits = `${maxKeys} entries, ${options.maxPages} pages or ${maxListLength} characters`;
    const limit = `more than ${limits}, or repeats a cursor; the rest is left out`;
    onWarning(`${kind.method.name}: upstream "${name}" has ${limit}`);
  }
  const incomplete = upstreams
    .map(({ name }) => name)
    .filter((name) => missing.includes(name) || truncated.includes(name));
  const { isShown = () => true } = options;
  return {
    entries: answers
      .flatMap(({ answer }) => answer.entries)
      .filter(({ upstream, key }) => isShown(new Subject(upstream, kind.entry, key))),
    hints: mergedHints(
      answers.map(({ answer }) => answer.hints),
      incomplete,
    ),
    missing: incomplete,
    stale: answers.filter(({ answer }) => answer.isStale).map(({ upstream }) => upstream.name),
  };
}

const emptyList = { keys: [], scope: "public" } as const;

interface ReadListOptions {
  readonly upstream: Upstream;
  readonly received: ReceivedRequest;
  readonly signal: AbortSignal;
  readonly maxPages: number;
}

/** @spec server/utilities/pagination#pagination-flow */
async function readList(kind: ListKind, options: ReadListOptions): Promise<UpstreamList> {
  const { upstream, received, signal, maxPages } = options;
  const entries = new Map<string, ListEntry>();
  let length = 0;
  const pages: Result[] = [];
  const cursors = new Set<string>();
  let params: JSONObject = {};
  for (let page = 0; page < maxPages; page += 1) {
    const request = ownRequest(received, kind.method.name, params);
    const context = ownContext(received, kind.method.name, signal);
    const result = kind.method.result(await upstream.serve(request, context));
    addEntries(entries, { kind, upstream: upstream.name, result });
    pages.push(result);
    const cursor = nextCursorOf(result);
    if (entries.size > maxKeys) return listOf(entries, pages, true);
    if (cursor === undefined) return listOf(entries, pages, false);
    length += JSON.stringify(result[kind.field]).length;
    if (length > maxListLength) break;
    // A repeated cursor would lead to an endless loop.
    if (cursors.has(cursor)) break;
    cursors.add(cursor);
    params = { cursor };
  }
  return listOf(entries, pages, true);
}

function listOf(
  entries: ReadonlyMap<string, ListEntry>,
  pages: readonly Result[],
  isTruncated: boolean,
): UpstreamList {
  return {
    entries: [...entries.values()].slice(0, maxKeys),
    hints: mergedHints(pages.map(readCacheHints), []),
    isTruncated,
    isStale: pages.some(isStale),
  };
}

/** Adds the entries of a page. Skips entries without a key, and entries whose key was seen before. */
function addEntries(
  entries: Map<string, ListEntry>,
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

/**
 * Merged lists, in pages.
 *
 * Each name depends on the names of all upstreams, so a list is collected completely and divided into
 * the gateway's own pages. These are full, which matters to clients that read only the first page. A
 * snapshot keeps the entries the same while a client reads the pages. Without the snapshot, after a
 * restart or on another gateway, the list is collected again and continues after the last entry of the
 * previous page.
 *
 * @spec server/utilities/pagination, server/utilities/caching#interaction-with-pagination
 */
import { invalidParams } from "lutra/internal";
import type { CacheHints, JSONObject, Result } from "lutra/protocol";
import { type ListName, listKinds } from "../subjects/list-kinds.ts";
import { type CollectedList, type CollectOptions, collect, type ListEntry } from "./collect.ts";
import { mergedMeta } from "./merged-result.ts";
import type { ReceivedRequest } from "./own-request.ts";
import type { Refresh } from "./refresh.ts";
import { showUiUri, withOrigin } from "./result-uris.ts";
import type { RoutingTable, RoutingView } from "./routing-table.ts";
import { callerKey, type ListPosition, type Seals } from "./seals.ts";
import { filesOf, showSkill } from "./skill-uris.ts";
import { type Snapshot, Snapshots } from "./snapshots.ts";

export interface ListsOptions {
  readonly collecting: CollectOptions;
  readonly table: RoutingTable;
  readonly refresh: Refresh;
  readonly seals: Seals;
  readonly pageSize: number;
  readonly serverMeta: JSONObject;
  readonly now: () => number;
}

export interface Lists {
  readonly serve: (list: ListName, received: ReceivedRequest) => Promise<Result>;
  /** Deletes all snapshots. */
  readonly forget: () => void;
}

/** The lists on which the client's form of the entries of another one depends. */
const dependencies: { readonly [List in ListName]?: readonly ListName[] } = {
  resourceTemplates: ["resources"],
  skills: ["resources", "resourceTemplates"],
};

export function createLists(options: ListsOptions): Lists {
  const { collecting, table, refresh, seals, pageSize, serverMeta, now } = options;
  const snapshots = new Snapshots(now);

  async function openCursor(
    list: ListName,
    received: ReceivedRequest,
  ): Promise<ListPosition | undefined> {
    const { method } = listKinds[list];
    const { cursor } = method.params(received.request.params ?? {}) as { readonly cursor?: string };
    if (cursor === undefined) return undefined;
    const position = await seals.cursors.open(cursor, method.name);
    const isForeign = position?.scope === "private" && position.caller !== principalOf(received);
    if (position === undefined || isForeign) {
      throw invalidParams("params.cursor: not a cursor of this list");
    }
    return position;
  }

  async function snapshotFor(
    list: ListName,
    received: ReceivedRequest,
    position: ListPosition | undefined,
  ) {
    const caller = callerKey(received.context);
    const kept = position && snapshots.get(position.snapshot, caller);
    if (kept !== undefined) return kept;
    const collected = await collect(list, received, collecting);
    return snapshots.take(collected, caller, pageSize);
  }

  return {
    serve: async (list, received) => {
      const position = await openCursor(list, received);
      const snapshot = await snapshotFor(list, received, position);
      // The client's form of these entries depends on the resources of other upstreams.
      await refresh.ensure(dependencies[list] ?? [], received);
      const view = table.of(callerKey(received.context));
      const start = position === undefined ? 0 : indexOf(position, snapshot, collecting);
      const end = start + pageSize;
      const page = snapshot.entries.slice(start, end);
      const hints = hintsOf(snapshot, position, now());
      const last = page.at(-1);
      const hasMore = end < snapshot.entries.length && last !== undefined;
      const nextCursor =
        hasMore &&
        (await seals.cursors.seal(
          {
            upstream: last.upstream,
            key: last.key,
            index: end,
            scope: hints.cacheScope,
            snapshot: snapshot.id,
            ...(hints.cacheScope === "private" && { caller: principalOf(received) }),
          },
          listKinds[list].method.name,
        ));
      return {
        resultType: "complete",
        [listKinds[list].field]: page.flatMap((entry) => render(list, entry, view)),
        ...(nextCursor && { nextCursor }),
        ...hints,
        _meta: mergedMeta(serverMeta, snapshot),
      };
    },
    forget: () => snapshots.clear(),
  };
}

function principalOf({ context }: ReceivedRequest): string | undefined {
  return context.principal?.id;
}

/**
 * Returns the freshness of a page. All pages of a list have the same scope, and their age counts from
 * when the list was collected.
 *
 * @spec server/utilities/caching#interaction-with-pagination
 */
function hintsOf(snapshot: Snapshot, position: ListPosition | undefined, now: number): CacheHints {
  const { ttlMs, cacheScope } = snapshot.hints;
  return {
    // Clocks may count parts of milliseconds; the protocol has integers.
    ttlMs: Math.max(0, Math.floor(ttlMs - (now - snapshot.takenAt))),
    cacheScope: position?.scope === "private" ? "private" : cacheScope,
  };
}

/**
 * Returns the index of the first entry of the next page: after the last entry of the previous page. If
 * that entry no longer exists, the page begins at the same index. If its upstream is missing, it begins
 * at the first entry of the next upstream.
 */
function indexOf(
  position: ListPosition,
  { entries, missing }: CollectedList,
  { upstreams }: CollectOptions,
): number {
  const { upstream, key, index } = position;
  const isLast = (entry: ListEntry | undefined) =>
    entry?.upstream === upstream && entry.key === key;
  if (isLast(entries[index - 1])) return index;
  const found = entries.findIndex(isLast);
  if (found >= 0) return found + 1;
  if (!missing.includes(upstream)) return Math.min(index, entries.length);
  const order = upstreams.map(({ name }) => name);
  const rank = order.indexOf(upstream);
  const next = entries.findIndex((entry) => order.indexOf(entry.upstream) > rank);
  return next < 0 ? entries.length : next;
}

/** Returns the entry in the client's form, or nothing if its name is not known. */
function render(list: ListName, entry: ListEntry, view: RoutingView): readonly JSONObject[] {
  const { upstream, key, shown } = entry;
  switch (list) {
    case "tools":
    case "prompts": {
      const name = view.names(list).shown(upstream, key);
      if (name === undefined) return [];
      return [showUiUri(withOrigin({ ...shown, name }, upstream), upstream, view.uris)];
    }
    case "resources":
      return [{ ...shown, uri: view.uris.show(upstream, key) }];
    case "resourceTemplates":
      return [{ ...shown, uriTemplate: view.uris.showTemplate(upstream, key) }];
    case "skills":
      return [showSkill(shown, view.uris.showSkill(upstream, key, filesOf(shown)))];
  }
}

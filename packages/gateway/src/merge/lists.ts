/**
 * Merged lists, in pages.
 *
 * A name depends on the names of all upstreams, so a list is collected as a whole and cut into pages
 * of our own; many clients read the first page only, which upstreams one after the other would leave
 * half empty. While a client pages, a snapshot keeps the set the same. Where there is none, after a
 * restart or at another gateway, the list is collected again and goes on behind the entry that was
 * shown last.
 *
 * @spec server/utilities/pagination, server/utilities/caching#interaction-with-pagination
 */
import type { CacheHints, JSONObject, Result } from "lutra/protocol";
import { type Collecting, type Collection, collect, type Entry } from "./collect.ts";
import { type ListName, listKinds } from "./list-kinds.ts";
import type { Caller } from "./own-request.ts";
import { mergedMeta } from "./parts.ts";
import type { Refresh } from "./refresh.ts";
import { invalidParams } from "./refusals.ts";
import { showUiUri } from "./result-uris.ts";
import type { RoutingTable } from "./routing-table.ts";
import { callerOf, type Position, type Seals } from "./seals.ts";
import { type Snapshot, Snapshots } from "./snapshots.ts";

export interface ListsOptions {
  readonly collecting: Collecting;
  readonly table: RoutingTable;
  readonly refresh: Refresh;
  readonly seals: Seals;
  readonly pageSize: number;
  readonly serverMeta: JSONObject;
  readonly now: () => number;
}

export interface Lists {
  readonly serve: (list: ListName, caller: Caller) => Promise<Result>;
  /** Gives up what is kept for next pages. */
  readonly forget: () => void;
}

export function createLists(options: ListsOptions): Lists {
  const { collecting, refresh, seals, pageSize, serverMeta, now } = options;
  const snapshots = new Snapshots(now);

  async function openCursor(list: ListName, caller: Caller): Promise<Position | undefined> {
    const { method } = listKinds[list];
    const { cursor } = method.params(caller.request.params ?? {}) as { readonly cursor?: string };
    if (cursor === undefined) return undefined;
    const position = await seals.cursors.open(cursor, method.name);
    const isForeign = position?.scope === "private" && position.caller !== principalOf(caller);
    if (position === undefined || isForeign) {
      throw invalidParams("params.cursor: not a cursor of this list");
    }
    return position;
  }

  async function snapshotFor(list: ListName, caller: Caller, position: Position | undefined) {
    const who = callerOf(caller.context);
    const known = position && snapshots.get(position.snapshot, who);
    if (known !== undefined) return known;
    const collection = await collect(list, caller, collecting);
    return snapshots.take(collection, who, pageSize);
  }

  return {
    serve: async (list, caller) => {
      const position = await openCursor(list, caller);
      const snapshot = await snapshotFor(list, caller, position);
      // Whether a template may stay as it is depends on the resources of others.
      if (list === "resourceTemplates") await refresh.ensure(["resources"], caller);
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
            ...(hints.cacheScope === "private" && { caller: principalOf(caller) }),
          },
          listKinds[list].method.name,
        ));
      return {
        resultType: "complete",
        [listKinds[list].field]: page.flatMap((entry) => render(list, entry, options.table)),
        ...(nextCursor && { nextCursor }),
        ...hints,
        _meta: mergedMeta(serverMeta, snapshot.missing),
      };
    },
    forget: () => snapshots.clear(),
  };
}

function principalOf({ context }: Caller): string | undefined {
  return context.principal?.id;
}

/**
 * All pages of a list have one scope. The freshness of a page began when the list was collected.
 *
 * @spec server/utilities/caching#interaction-with-pagination
 */
function hintsOf(snapshot: Snapshot, position: Position | undefined, now: number): CacheHints {
  const { ttlMs, cacheScope } = snapshot.hints;
  return {
    ttlMs: Math.max(0, ttlMs - (now - snapshot.takenAt)),
    cacheScope: position?.scope === "private" ? "private" : cacheScope,
  };
}

/**
 * Where the next page begins: behind the entry that was shown last. Where that is gone, at the same
 * place; where its upstream is missing, at the first entry of the next one.
 */
function indexOf(position: Position, { entries, missing }: Collection, of: Collecting): number {
  const { upstream, key, index } = position;
  const isLast = (entry: Entry | undefined) => entry?.upstream === upstream && entry.key === key;
  if (isLast(entries[index - 1])) return index;
  const found = entries.findIndex(isLast);
  if (found >= 0) return found + 1;
  if (!missing.includes(upstream)) return Math.min(index, entries.length);
  const order = of.upstreams.map(({ name }) => name);
  const place = order.indexOf(upstream);
  const next = entries.findIndex((entry) => order.indexOf(entry.upstream) > place);
  return next < 0 ? entries.length : next;
}

/** The entry as the client knows it. */
function render(list: ListName, entry: Entry, table: RoutingTable): readonly JSONObject[] {
  const { upstream, key, shown } = entry;
  switch (list) {
    case "tools":
    case "prompts": {
      const name = table.names(list).shown(upstream, key);
      return name === undefined ? [] : [showUiUri({ ...shown, name }, upstream, table.uris)];
    }
    case "resources":
      return [{ ...shown, uri: table.uris.show(upstream, key) }];
    case "resourceTemplates":
      return [{ ...shown, uriTemplate: table.uris.showTemplate(upstream, key) }];
  }
}

/**
 * The list of an upstream's tools. It is fetched on first use. `tool` returns undefined until it
 * has arrived; `find` waits for it, for rules that depend on the answer.
 *
 * @spec server/tools#listing-tools
 */
import {
  type CacheHints,
  type JSONObject,
  listTools,
  readCacheHints,
  type Serve,
  type Tool,
} from "lutra/protocol";
import type { Clock } from "../replicas/clock.ts";
import { ownMeta } from "../replicas/own-meta.ts";

export interface Catalogue {
  /** Returns a tool from the last list. Refreshes a stale list in the background. */
  readonly tool: (name: string) => Tool | undefined;
  /** Returns a known tool at once. Otherwise waits until a pending or due fetch has ended. */
  readonly find: (name: string) => Promise<Tool | undefined>;
  /** True once the list has been fetched. */
  readonly isKnown: () => boolean;
  /** Fetches the list now. Retries until one fetch has succeeded. */
  readonly prepare: () => void;
  /** Marks the list as stale. The known tools remain until the new list has arrived. */
  readonly forget: () => void;
  readonly close: () => void;
}

/** Maximum number of tools; those beyond it are ignored. */
const maxTools = 10_000;
const maxPages = 1000;
/** Minimum interval between two fetches, in milliseconds, unless `forget` is called. */
const pauseMs = 5000;
const timeoutMs = 10_000;

/** Creates the catalogue of the upstream that `serve` reaches. */
export function createCatalogue(serve: Serve, clock: Clock): Catalogue {
  let known: ReadonlyMap<string, Tool> | undefined;
  let staleAt = Number.NEGATIVE_INFINITY;
  let fetching: AbortController | undefined;
  let fetched: Promise<boolean> | undefined;
  let isClosed = false;
  let stopPreparing = () => {};

  async function fetchAll(signal: AbortSignal): Promise<CacheHints["ttlMs"]> {
    const tools = new Map<string, Tool>();
    let params: JSONObject = { _meta: ownMeta };
    let ttlMs = Number.POSITIVE_INFINITY;
    for (let page = 0; page < maxPages; page += 1) {
      const message = { jsonrpc: "2.0", id: page, method: listTools.name, params } as const;
      const result = listTools.result(await serve(message, { signal, notify: () => {} }));
      for (const tool of result.tools) if (tools.size < maxTools) tools.set(tool.name, tool);
      ttlMs = Math.min(ttlMs, readCacheHints(result).ttlMs);
      if (typeof result.nextCursor !== "string" || tools.size === maxTools) break;
      params = { _meta: ownMeta, cursor: result.nextCursor };
    }
    known = tools;
    return ttlMs;
  }

  /** Fetches the list. Resolves with true when it has arrived. */
  async function refresh(): Promise<boolean> {
    const controller = new AbortController();
    fetching = controller;
    const stopTimer = clock.after(timeoutMs, () => controller.abort());
    const startedAt = clock.now();
    staleAt = Number.POSITIVE_INFINITY;
    const ttlMs = await fetchAll(controller.signal).catch(() => undefined);
    stopTimer();
    fetching = undefined;
    // `forget` was called while the list was in flight.
    const isForgotten = staleAt !== Number.POSITIVE_INFINITY;
    staleAt = isForgotten ? startedAt : startedAt + Math.max(ttlMs ?? 0, pauseMs);
    return ttlMs !== undefined;
  }

  function begin(): Promise<boolean> {
    fetched = refresh();
    return fetched;
  }

  function tool(name: string): Tool | undefined {
    if (fetching === undefined && !isClosed && clock.now() >= staleAt) void begin();
    return known?.get(name);
  }

  async function prepare(): Promise<void> {
    if (fetching !== undefined || isClosed || (await begin()) || isClosed) return;
    stopPreparing = clock.after(pauseMs, () => void prepare());
  }

  return {
    tool,
    find: async (name) => {
      const found = tool(name);
      if (found !== undefined) return found;
      await fetched;
      return known?.get(name);
    },
    isKnown: () => known !== undefined,
    prepare: () => void prepare(),
    forget: () => {
      staleAt = Number.NEGATIVE_INFINITY;
    },
    close: () => {
      isClosed = true;
      stopPreparing();
      fetching?.abort();
    },
  };
}

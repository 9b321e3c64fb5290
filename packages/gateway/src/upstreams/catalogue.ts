/**
 * What an upstream says of its tools. It is fetched when someone first asks: beside their request, so
 * that the first answers are `undefined`, or before it, where a rule depends on the answer.
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
  /** A tool as the last list had it. */
  readonly tool: (name: string) => Tool | undefined;
  /** The same, after the list that is on its way, or due. One that can't be had is not waited for. */
  readonly find: (name: string) => Promise<Tool | undefined>;
  /** Fetches the list now, again and again until it has come once. */
  readonly prepare: () => void;
  /** Says that the list may have changed. What is known stays until the new list has come. */
  readonly forget: () => void;
  readonly close: () => void;
}

/** More tools than these are not looked at. */
const maxTools = 10_000;
const maxPages = 1000;
/** The least between two fetches, whatever the upstream says of its list. */
const pauseMs = 5000;
const timeoutMs = 10_000;

/** Asks over `serve`, which is that of the upstream itself. */
export function createCatalogue(serve: Serve, clock: Clock): Catalogue {
  let known: ReadonlyMap<string, Tool> = new Map();
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

  /** Says whether the list has come. */
  async function refresh(): Promise<boolean> {
    const controller = new AbortController();
    fetching = controller;
    const stopTimer = clock.after(timeoutMs, () => controller.abort());
    const startedAt = clock.now();
    staleAt = Number.POSITIVE_INFINITY;
    const ttlMs = await fetchAll(controller.signal).catch(() => undefined);
    stopTimer();
    fetching = undefined;
    // Being told to forget while the list was under way leaves `staleAt` in the past.
    const wasTold = staleAt !== Number.POSITIVE_INFINITY;
    staleAt = wasTold ? startedAt : startedAt + Math.max(ttlMs ?? 0, pauseMs);
    return ttlMs !== undefined;
  }

  function begin(): Promise<boolean> {
    fetched = refresh();
    return fetched;
  }

  function tool(name: string): Tool | undefined {
    if (fetching === undefined && !isClosed && clock.now() >= staleAt) void begin();
    return known.get(name);
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
      return known.get(name);
    },
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

/**
 * Refreshes the routing table with the lists that a caller sees. Callers may see different entries, so
 * each caller may cause a refresh, at a limited rate.
 */
import { BoundedMap, unlessAborted } from "lutra/internal";
import type { ProtocolError } from "lutra/protocol";
import { UpstreamError } from "../delivery/upstream-error.ts";
import type { ListName } from "../subjects/list-kinds.ts";
import { type CollectOptions, collect } from "./collect.ts";
import { isMethodNotFound } from "./merge-errors.ts";
import type { ReceivedRequest } from "./own-request.ts";
import { callerKey } from "./seals.ts";

export interface RefreshOptions {
  readonly collecting: CollectOptions;
  /** Minimum time between two refreshes for one caller, in milliseconds. */
  readonly refreshMs: number;
  readonly now: () => number;
}

export interface Refresh {
  /** Reads the lists, unless they were read for this caller within `refreshMs`. */
  readonly refresh: (lists: readonly ListName[], received: ReceivedRequest) => Promise<void>;
  /**
   * Waits until the lists have been read once. Outdated lists are then read in the background, so
   * that requests do not wait for an upstream that does not answer.
   */
  readonly ensure: (lists: readonly ListName[], received: ReceivedRequest) => Promise<void>;
  /**
   * Returns the errors of this caller's last refresh that do not pass by themselves, by upstream:
   * those that ask for credentials, and those of servers of an earlier revision.
   */
  readonly refusals: (lists: readonly ListName[], received: ReceivedRequest) => Refusals;
}

type Refusals = ReadonlyMap<string, ProtocolError>;

interface RefreshAttempt {
  readonly startedAt: number;
  readonly refusals: Map<string, ProtocolError>;
}

/** The statuses of errors that a caller can resolve with other credentials. */
const credentialStatuses: ReadonlySet<number> = new Set([401, 403]);
const noRefusals: Refusals = new Map();

/** Maximum number of attempts that are kept: the last one for each caller and set of lists. */
const maxAttempts = 1000;

export function createRefresh({ collecting, refreshMs, now }: RefreshOptions): Refresh {
  const inFlight = new Map<string, Promise<void>>();
  const attempts = new BoundedMap<string, RefreshAttempt>({ maxEntries: maxAttempts });
  const attempted = new Set<ListName>();

  async function collectAll(
    lists: readonly ListName[],
    received: ReceivedRequest,
    { refusals }: RefreshAttempt,
  ): Promise<void> {
    const onFailure = (upstream: string, error: ProtocolError) => {
      const isLasting = error instanceof UpstreamError && error.kind === "earlier-revision";
      if (isLasting || credentialStatuses.has(error.status)) refusals.set(upstream, error);
    };
    const options = { ...collecting, onFailure };
    // Other requests may still wait for the refresh when the request that started it is aborted.
    const context = { ...received.context, signal: new AbortController().signal };
    const collected = lists.map(async (list) => {
      await collect(list, { ...received, context }, options).catch((error) => {
        if (isMethodNotFound(error)) return;
        collecting.onWarning(`cannot refresh the ${list} of the routing table`, error);
      });
      attempted.add(list);
    });
    await Promise.all(collected);
  }

  function refresh(lists: readonly ListName[], received: ReceivedRequest): Promise<void> {
    const key = keyOf(lists, received);
    const { signal } = received.context;
    const running = inFlight.get(key);
    if (running !== undefined) return unlessAborted(running, signal);
    const last = attempts.get(key);
    if (last !== undefined && now() - last.startedAt < refreshMs) return Promise.resolve();
    const attempt = { startedAt: now(), refusals: new Map() };
    attempts.set(key, attempt);
    const started = collectAll(lists, received, attempt).finally(() => inFlight.delete(key));
    inFlight.set(key, started);
    return unlessAborted(started, signal);
  }

  return {
    refresh,
    ensure: async (lists, received) => {
      if (collecting.table.isCurrent(lists, callerKey(received.context))) return;
      const refreshed = refresh(lists, received);
      if (!lists.every((list) => attempted.has(list))) return refreshed;
      refreshed.catch(() => {});
    },
    refusals: (lists, received) => attempts.get(keyOf(lists, received))?.refusals ?? noRefusals,
  };
}

function keyOf(lists: readonly ListName[], { context }: ReceivedRequest): string {
  return `${lists.join()} ${callerKey(context)}`;
}

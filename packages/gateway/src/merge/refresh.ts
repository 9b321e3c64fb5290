/**
 * Keeps the routing table up to date, with the lists that a caller sees. Callers share what was
 * learnt; but what one may see, another may not, so each of them may cause a refresh, at a bounded
 * rate.
 */
import { unlessAborted } from "lutra/internal";
import type { ProtocolError } from "lutra/protocol";
import { type Collecting, collect } from "./collect.ts";
import type { ListName } from "./list-kinds.ts";
import type { Caller } from "./own-request.ts";
import { isNotOffered } from "./parts.ts";
import { callerOf } from "./seals.ts";

export interface RefreshOptions {
  readonly collecting: Collecting;
  /** The least time between two refreshes for one caller, in milliseconds. */
  readonly refreshMs: number;
  readonly now: () => number;
}

export interface Refresh {
  /** Reads the lists once more, unless that was done for this caller a moment ago. */
  readonly refresh: (lists: readonly ListName[], caller: Caller) => Promise<void>;
  /**
   * Sees to it that the lists were read at least once. What has become outdated since is read in
   * the background: nobody has to wait for an upstream that does not answer.
   */
  readonly ensure: (lists: readonly ListName[], caller: Caller) => Promise<void>;
  /** By upstream, how the last refresh for this caller was refused for want of credentials. */
  readonly refusals: (lists: readonly ListName[], caller: Caller) => Refusals;
}

type Refusals = ReadonlyMap<string, ProtocolError>;

interface Attempt {
  readonly at: number;
  readonly refusals: Map<string, ProtocolError>;
}

/** Statuses that the caller can do something about. */
const refusing: ReadonlySet<number> = new Set([401, 403]);
const noRefusals: Refusals = new Map();

/** How many callers are remembered for the rate. */
const maxCallers = 1000;

export function createRefresh({ collecting, refreshMs, now }: RefreshOptions): Refresh {
  const flights = new Map<string, Promise<void>>();
  const attempts = new Map<string, Attempt>();
  const attempted = new Set<ListName>();

  async function collectAll(
    lists: readonly ListName[],
    caller: Caller,
    { refusals }: Attempt,
  ): Promise<void> {
    const onFailure = (upstream: string, error: ProtocolError) => {
      if (refusing.has(error.status)) refusals.set(upstream, error);
    };
    const heard = { ...collecting, onFailure };
    // It goes on when the caller that started it leaves, for the others that wait.
    const context = { ...caller.context, signal: new AbortController().signal };
    const collected = lists.map(async (list) => {
      await collect(list, { ...caller, context }, heard).catch((error) => {
        if (!isNotOffered(error)) collecting.onWarning("the routing table is not complete", error);
      });
      attempted.add(list);
    });
    await Promise.all(collected);
  }

  function refresh(lists: readonly ListName[], caller: Caller): Promise<void> {
    const key = keyOf(lists, caller);
    const { signal } = caller.context;
    const underWay = flights.get(key);
    if (underWay !== undefined) return unlessAborted(underWay, signal);
    const last = attempts.get(key);
    if (last !== undefined && now() - last.at < refreshMs) return Promise.resolve();
    const attempt = { at: now(), refusals: new Map() };
    remember(attempts, key, attempt);
    const flight = collectAll(lists, caller, attempt).finally(() => flights.delete(key));
    flights.set(key, flight);
    return unlessAborted(flight, signal);
  }

  return {
    refresh,
    ensure: async (lists, caller) => {
      if (collecting.table.isCurrent(lists)) return;
      const refreshed = refresh(lists, caller);
      if (!lists.every((list) => attempted.has(list))) return refreshed;
      refreshed.catch(() => {});
    },
    refusals: (lists, caller) => attempts.get(keyOf(lists, caller))?.refusals ?? noRefusals,
  };
}

function keyOf(lists: readonly ListName[], { context }: Caller): string {
  return `${lists.join()} ${callerOf(context)}`;
}

function remember(attempts: Map<string, Attempt>, key: string, attempt: Attempt): void {
  attempts.delete(key);
  attempts.set(key, attempt);
  if (attempts.size > maxCallers) attempts.delete(attempts.keys().next().value as string);
}

/** Limits on the rate and the concurrency of requests. */
import { steadyNow, tooMany } from "lutra/internal";
import {
  type InputRequiredResult,
  inputRequired,
  type JSONRPCRequest,
  type Middleware,
  type ProtocolError,
  type RequestContext,
  type Result,
  type Serve,
} from "lutra/protocol";
import { createSealer, type SealKey } from "lutra/server";
import {
  createMemoryRateLimiter,
  createMemoryReplayGuard,
  type MemoryRateLimiterOptions,
  type RateLimiter,
  type ReplayGuard,
} from "lutra/stores";
import type { LimitConfig } from "../config/schema.ts";
import { recordOf } from "../exchange-record.ts";
import type { Head } from "../head/head.ts";
import { compileMatch, type RoutingInput } from "../routes/match.ts";
import type { ConcurrencyLimiter, Leave } from "../shared/shared-stores.ts";
import { createLocalConcurrency } from "./in-flight.ts";
import { compileKey } from "./limit-key.ts";
import type { LimitUse } from "./limit-use.ts";
import { createRounds, type OpenedRound, type Rounds } from "./rounds.ts";

export interface LimitsOptions {
  /** The keys that seal the rounds of an exchange. Gateways behind one load balancer share them. */
  readonly keys: readonly SealKey[];
  /**
   * Returns the head of the request. Requests without one come from the gateway itself and are not
   * limited.
   *
   * @default the head in the exchange's record
   */
  readonly headOf?: (context: RequestContext) => Head | undefined;
  /** Creates the rate limiter of a limit, given its index. @default in memory */
  readonly createRateLimiter?: (
    rate: Pick<MemoryRateLimiterOptions, "requests" | "perMs">,
    index: number,
  ) => RateLimiter;
  /** Creates the limit on concurrency of a limit, given its index. @default in memory */
  readonly createConcurrencyLimiter?: (max: number, index: number) => ConcurrencyLimiter;
  /** Counts the use of each limit, in their order. @default it is not counted */
  readonly uses?: readonly LimitUse[] | undefined;
  /** Detects repeated rounds. @default in memory */
  readonly replayGuard?: ReplayGuard;
  /** The clock, in milliseconds since 1970. @default the system's time, but never set back */
  readonly now?: () => number;
}

interface Limit {
  readonly applies: (input: RoutingInput) => boolean;
  readonly keyOf: (input: RoutingInput) => string;
  readonly rate: RateLimiter | undefined;
  readonly concurrency: ConcurrencyLimiter | undefined;
  readonly use: LimitUse | undefined;
}

/** A limit that applies to a request, and the key under which the request counts. */
interface Applied {
  readonly limit: Limit;
  readonly key: string;
}

/** The suggested delay when another exchange must end first, in milliseconds. */
const busyRetryMs = 1000;

/**
 * Refuses requests above a limit with status 429 and `data.retryAfterMs`.
 *
 * An exchange counts once against a rate, regardless of its number of input rounds. Each round,
 * like an open subscription, counts against the concurrency while it is in flight. A request that
 * one limit refuses does not count against the others.
 */
export function createLimits(configs: readonly LimitConfig[], options: LimitsOptions): Middleware {
  if (configs.length === 0) return (next) => next;
  const { headOf = (context) => recordOf(context)?.head, now = steadyNow } = options;
  const { replayGuard = createMemoryReplayGuard({ now }) } = options;
  const limits = configs.map((config, index) => compileLimit(config, index, options));
  const rounds = createRounds({ sealer: createSealer(options.keys), replayGuard, now });
  return (next) => (request, context) => {
    const head = headOf(context);
    if (head === undefined) return next(request, context);
    const subject = recordOf(context)?.subject;
    const { principal: caller } = context;
    const input = { head, principal: caller?.id, caller, subject };
    const applied = limits
      .filter(({ applies }) => applies(input))
      .map((limit) => ({ limit, key: limit.keyOf(input) }));
    return applied.length === 0
      ? next(request, context)
      : serveWithin(applied, rounds, { request, context, next });
  };
}

/** Returns true if a limit depends on the subjects of requests. */
export function needSubject(configs: readonly LimitConfig[]): boolean {
  return configs.some(
    ({ match, per }) =>
      per.includes("tool") ||
      per.includes("upstream") ||
      compileMatch(match, "subject").some(({ on }) => on === "subject"),
  );
}

function compileLimit(
  { match, per, rate, concurrency }: LimitConfig,
  index: number,
  options: LimitsOptions,
): Limit {
  const { createRateLimiter = createMemoryRateLimiter } = options;
  const { createConcurrencyLimiter = createLocalConcurrency } = options;
  const conditions = compileMatch(match, "subject");
  return {
    applies: (input) => conditions.every(({ holds }) => holds(input)),
    keyOf: compileKey(per),
    rate: rate && createRateLimiter(rate, index),
    concurrency:
      concurrency === undefined ? undefined : createConcurrencyLimiter(concurrency, index),
    use: options.uses?.[index],
  };
}

interface LimitedRequest {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly next: Serve;
}

async function serveWithin(
  applied: readonly Applied[],
  rounds: Rounds,
  { request, context, next }: LimitedRequest,
): Promise<Result> {
  const entered = await enterAll(applied);
  if (entered === undefined) throw beyondLimit(context, busyRetryMs);
  try {
    const isRated = applied.some(({ limit }) => limit.rate !== undefined);
    if (!isRated) return await counted(applied, () => next(request, context));
    const opened = await openOrCount(applied, rounds, { request, context });
    const isKnown = opened.round !== undefined && (await rounds.redeem(opened.round));
    if (!isKnown) await takeAll(applied, context);
    const result = await counted(applied, () => next(opened.request, context));
    if (result.resultType !== inputRequired) return result;
    const previous = isKnown ? opened.round : undefined;
    return await rounds.seal(result as InputRequiredResult, request, { context, previous });
  } finally {
    for (const leave of entered) leave();
  }
}

/** Counts an admitted request while it is in flight. */
async function counted(applied: readonly Applied[], serve: () => Promise<Result>): Promise<Result> {
  const leaves = applied.map(({ limit, key }) => limit.use?.enter(key));
  try {
    return await serve();
  } finally {
    for (const leave of leaves) leave?.();
  }
}

/** Opens the round. Forged state counts against the rates; otherwise it would not be limited. */
async function openOrCount(
  applied: readonly Applied[],
  rounds: Rounds,
  { request, context }: Pick<LimitedRequest, "request" | "context">,
): Promise<OpenedRound> {
  try {
    return await rounds.open(request, context);
  } catch (error) {
    await takeAll(applied, context);
    throw error;
  }
}

/** Enters all concurrency limits, or none. */
async function enterAll(applied: readonly Applied[]): Promise<readonly Leave[] | undefined> {
  const entered: Leave[] = [];
  const leaveAll = () => {
    for (const leave of entered) leave();
  };
  for (const { limit, key } of applied) {
    if (limit.concurrency === undefined) continue;
    try {
      const leave = await limit.concurrency.enter(key);
      if (leave !== undefined) entered.push(leave);
      else {
        limit.use?.refuse(key);
        leaveAll();
        return undefined;
      }
    } catch (error) {
      leaveAll();
      throw error;
    }
  }
  return entered;
}

/** Counts the request against all rates, or none. */
async function takeAll(applied: readonly Applied[], context: RequestContext): Promise<void> {
  const taken: (() => unknown)[] = [];
  for (const { limit, key } of applied) {
    const { rate } = limit;
    if (rate === undefined) continue;
    const { allowed, retryAfterMs } = await rate.take(key, 1);
    if (!allowed) {
      limit.use?.refuse(key);
      await Promise.all(taken.map((undo) => undo()));
      throw beyondLimit(context, retryAfterMs);
    }
    taken.push(() => rate.take(key, -1));
  }
}

function beyondLimit(context: RequestContext, retryAfterMs: number): ProtocolError {
  const record = recordOf(context);
  if (record !== undefined) record.reason = "limit";
  return tooMany("requests", retryAfterMs);
}

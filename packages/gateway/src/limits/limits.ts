/** Bounds how much callers may ask for. */
import {
  type InputRequiredResult,
  inputRequired,
  type JSONRPCRequest,
  type Middleware,
  ProtocolError,
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
import { type Caller, compileMatch } from "../routes/match.ts";
import { InFlight } from "./in-flight.ts";
import { compileKey } from "./limit-key.ts";
import { createRounds, type OpenedRound, type Rounds } from "./rounds.ts";

export interface LimitsOptions {
  /** Seal what tells the rounds of an exchange; gateways that stand in for each other share them. */
  readonly keys: readonly SealKey[];
  /** The head of the request; requests without one are the gateway's own and free. @default the record's */
  readonly headOf?: (context: RequestContext) => Head | undefined;
  /** Makes what counts one limit, given its place in the configuration. @default in memory */
  readonly createRateLimiter?: (
    rate: Pick<MemoryRateLimiterOptions, "requests" | "perMs">,
    index: number,
  ) => RateLimiter;
  /** Tells a round that comes again. @default in memory */
  readonly replayGuard?: ReplayGuard;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

interface Limit {
  readonly applies: (caller: Caller) => boolean;
  readonly keyOf: (caller: Caller) => string;
  readonly rate: RateLimiter | undefined;
  readonly concurrency: { readonly max: number; readonly inFlight: InFlight } | undefined;
}

/** A limit that a request must stay within, and whose share it uses up. */
interface Applied {
  readonly limit: Limit;
  readonly key: string;
}

/** When to come back where only the end of another exchange makes room, in milliseconds. */
const busyRetryMs = 1000;

/**
 * Refuses what is beyond a limit with 429. The specification has no code for it, and reserves those
 * that it has not given out: the error is an internal one (-32603) with `data.retryAfterMs`, which
 * HTTP repeats in `Retry-After`.
 *
 * An exchange counts once against a rate, however many rounds of input it takes; each round counts
 * as under way by itself. So does a subscription for as long as it is open, where a limit is for
 * its method. What a limit refuses has used up nothing of the others.
 *
 * @spec basic/index#error-codes
 */
export function createLimits(configs: readonly LimitConfig[], options: LimitsOptions): Middleware {
  if (configs.length === 0) return (next) => next;
  const { headOf = (context) => recordOf(context)?.head, now = Date.now } = options;
  const { replayGuard = createMemoryReplayGuard({ now }) } = options;
  const limits = configs.map((config, index) => compileLimit(config, index, options));
  const rounds = createRounds({ sealer: createSealer(options.keys), replayGuard, now });
  return (next) => (request, context) => {
    const head = headOf(context);
    if (head === undefined) return next(request, context);
    const caller = { head, principal: context.principal?.id };
    const applied = limits
      .filter(({ applies }) => applies(caller))
      .map((limit) => ({ limit, key: limit.keyOf(caller) }));
    return applied.length === 0
      ? next(request, context)
      : serveWithin(applied, rounds, { request, context, next });
  };
}

function compileLimit(
  { match, per, rate, concurrency }: LimitConfig,
  index: number,
  { createRateLimiter = createMemoryRateLimiter }: LimitsOptions,
): Limit {
  const conditions = compileMatch(match);
  return {
    applies: (caller) => conditions.every(({ holds }) => holds(caller)),
    keyOf: compileKey(per),
    rate: rate && createRateLimiter(rate, index),
    concurrency:
      concurrency === undefined ? undefined : { max: concurrency, inFlight: new InFlight() },
  };
}

interface Exchange {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly next: Serve;
}

async function serveWithin(
  applied: readonly Applied[],
  rounds: Rounds,
  { request, context, next }: Exchange,
): Promise<Result> {
  const entered = enterAll(applied);
  if (entered === undefined) throw beyondLimit(context, busyRetryMs);
  try {
    const isRated = applied.some(({ limit }) => limit.rate !== undefined);
    if (!isRated) return await next(request, context);
    const opened = await openOrCount(applied, rounds, { request, context });
    const isKnown = opened.round !== undefined && (await rounds.redeem(opened.round));
    if (!isKnown) await takeAll(applied, context);
    const result = await next(opened.request, context);
    if (result.resultType !== inputRequired) return result;
    const previous = isKnown ? opened.round : undefined;
    return await rounds.seal(result as InputRequiredResult, request, { context, previous });
  } finally {
    for (const leave of entered) leave();
  }
}

/** What a forged mark costs is counted, too, or refusing it would be free of any limit. */
async function openOrCount(
  applied: readonly Applied[],
  rounds: Rounds,
  { request, context }: Pick<Exchange, "request" | "context">,
): Promise<OpenedRound> {
  try {
    return await rounds.open(request, context);
  } catch (error) {
    await takeAll(applied, context);
    throw error;
  }
}

/** Enters all limits on what is under way, or none. */
function enterAll(applied: readonly Applied[]): readonly (() => void)[] | undefined {
  const entered: (() => void)[] = [];
  for (const { limit, key } of applied) {
    if (limit.concurrency === undefined) continue;
    const { inFlight, max } = limit.concurrency;
    if (!inFlight.enter(key, max)) {
      for (const leave of entered) leave();
      return undefined;
    }
    entered.push(() => inFlight.leave(key));
  }
  return entered;
}

/** Takes one request from all rates, or none. */
async function takeAll(applied: readonly Applied[], context: RequestContext): Promise<void> {
  const taken: (() => unknown)[] = [];
  for (const { limit, key } of applied) {
    const { rate } = limit;
    if (rate === undefined) continue;
    const { allowed, retryAfterMs } = await rate.take(key, 1);
    if (!allowed) {
      await Promise.all(taken.map((giveBack) => giveBack()));
      throw beyondLimit(context, retryAfterMs);
    }
    taken.push(() => rate.take(key, -1));
  }
}

function beyondLimit(context: RequestContext, retryAfterMs: number): ProtocolError {
  const record = recordOf(context);
  if (record !== undefined) record.reason = "limit";
  return new ProtocolError("internalError", "Too many requests", {
    status: 429,
    retryAfterMs,
    data: { retryAfterMs },
  });
}

import { callerOf } from "../protocol/caller.ts";
import { isThenable } from "../protocol/chain.ts";
import { complete } from "../protocol/completion.ts";
import { tooMany } from "../protocol/errors.ts";
import type { Middleware, RequestContext } from "../protocol/exchange.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { requireKnownMembers } from "../protocol/known-members.ts";
import { type Method, nameOf } from "../protocol/method.ts";
import { callTool } from "../protocol/tools.ts";
import { normalURI } from "../protocol/uri.ts";
import {
  createMemoryRateLimiter,
  type MemoryRateLimiterOptions,
} from "../stores/memory-rate-limiter.ts";
import type { RateDecision, RateLimiter } from "../stores/rate-limiter.ts";

/** The number of requests that are allowed in a time. */
type Rate = Pick<MemoryRateLimiterOptions, "requests" | "perMs">;

/** The properties of a method that a limit reads. */
type LimitedMethod = Pick<Method, "name" | "nameField">;

export interface RateLimitOptions extends Rate {
  /** The methods that count together. @default tools/call and completion/complete */
  readonly methods?: readonly LimitedMethod[];
  /**
   * The requests that share an allowance: those of one `caller` (a principal, or else a network
   * address), those for one `name` (a tool, prompt or resource), or with both those of one caller for
   * one name. With an empty list, all requests share one allowance. @default ["caller"]
   */
  readonly per?: readonly ("caller" | "name")[];
  /**
   * Creates the limiter that counts, for example one over a store that replicas share.
   *
   * @default `createMemoryRateLimiter`: each process counts on its own, for up to 100,000 keys
   */
  readonly createLimiter?: (rate: Rate) => RateLimiter;
}

const known = ["requests", "perMs", "methods", "per", "createLimiter"];

/**
 * Maximum length of a name that has an allowance of its own. A limit sees names before they are
 * looked up, so a longer one could be any text. Those of one caller count together.
 */
const maxNameLength = 256;

/**
 * Maximum number of names without a successful request that a caller can count separately within
 * `perMs`. Further ones count together, so that invented names do not push others out of the limiter.
 */
const maxNewNames = 100;

/** Maximum number of names that are known from a successful request. */
const maxKnownNames = 10_000;

/**
 * Limits the rate of requests to a server with token buckets: a caller may use its whole allowance
 * at once, and it is refilled evenly. Further requests are refused with an internal error (-32603),
 * the HTTP status 429 and `Retry-After`, and reach no handler; `data.retryAfterMs` is the time to
 * wait, also on stdio. Each round of an exchange with input requests counts.
 *
 * If the limiter of `createLimiter` rejects, so does the request.
 *
 * @throws {TypeError} for options that are invalid or unknown
 * @spec server/tools#security-considerations, server/utilities/completion#security, server/utilities/completion#implementation-considerations
 */
export function rateLimit(options: RateLimitOptions): Middleware {
  requireKnownMembers(options, known, "rateLimit");
  const { requests, perMs, methods = [callTool, complete], per = ["caller"] } = options;
  const { createLimiter = createMemoryRateLimiter } = options;
  for (const [name, value] of Object.entries({ requests, perMs })) {
    if (!(Number.isFinite(value) && value > 0)) {
      throw new TypeError(`rateLimit: ${name}: expected a number above 0`);
    }
  }
  const limited = tableOf(methods);
  const { keyOf, succeeded } = compileKey(per, perMs);
  const limiter = createLimiter({ requests, perMs });
  return (next) => async (request, context) => {
    const method = limited.get(request.method);
    if (method !== undefined) {
      const decision = limiter.take(keyOf(method, request, context), 1);
      // Awaiting a decision that is available already would cost a turn of the microtask queue.
      const { allowed, retryAfterMs } = isThenable(decision) ? await decision : decision;
      if (!allowed) throw tooMany("requests", retryAfterMs);
    }
    const result = await next(request, context);
    if (method !== undefined) succeeded(method, request);
    return result;
  };
}

/** Limits the new names of each caller. `take` returns false for one beyond the limit. */
function newNameLimit(perMs: number): { readonly take: (caller: string) => boolean } {
  const limiter = createMemoryRateLimiter({ requests: maxNewNames, perMs });
  // The limiter in memory decides at once.
  return { take: (caller) => (limiter.take(caller, 1) as RateDecision).allowed };
}

function tableOf(methods: readonly LimitedMethod[]): ReadonlyMap<string, LimitedMethod> {
  if (!Array.isArray(methods) || methods.length === 0) {
    throw new TypeError("rateLimit: methods: expected at least one method");
  }
  for (const [index, method] of methods.entries()) {
    if (typeof method?.name === "string") continue;
    throw new TypeError(
      `rateLimit: methods[${index}]: expected a method, such as callTool of lutra/protocol`,
    );
  }
  return new Map(methods.map((method) => [method.name, method]));
}

interface Keys {
  readonly keyOf: (
    method: LimitedMethod,
    request: JSONRPCRequest,
    context: RequestContext,
  ) => string;
  /** Must be called after each successful request, whose name therefore exists. */
  readonly succeeded: (method: LimitedMethod, request: JSONRPCRequest) => void;
}

function compileKey(per: NonNullable<RateLimitOptions["per"]>, perMs: number): Keys {
  const isKnown = Array.isArray(per) && per.every((one) => one === "caller" || one === "name");
  if (!isKnown) throw new TypeError('rateLimit: per: expected a list of "caller" and "name"');
  const [perCaller, perName] = [per.includes("caller"), per.includes("name")];
  if (!perName) {
    const keyOf: Keys["keyOf"] = perCaller
      ? (_method, _request, context) => callerOf(context)
      : () => "";
    return { keyOf, succeeded: () => {} };
  }
  const knownNames = new Set<string>();
  const newNames = newNameLimit(perMs);
  // All spellings of a URI name one resource.
  const ownName = (method: LimitedMethod, { params }: JSONRPCRequest) => {
    const name = normalURI(nameOf(method, params) ?? "");
    return name.length > maxNameLength ? "" : name;
  };
  return {
    keyOf: (method, request, context) => {
      const caller = callerOf(context);
      const name = ownName(method, request);
      const isKnown = knownNames.has(`${method.name} ${name}`);
      const isSeparate = isKnown || newNames.take(caller);
      // The names of one caller that do not count separately count together.
      if (!isSeparate || name === "") return JSON.stringify([method.name, "", caller]);
      return JSON.stringify([method.name, name, perCaller ? caller : ""]);
    },
    succeeded: (method, request) => {
      const name = ownName(method, request);
      if (name !== "" && knownNames.size < maxKnownNames) knownNames.add(`${method.name} ${name}`);
    },
  };
}

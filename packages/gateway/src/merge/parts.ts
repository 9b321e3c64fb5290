/**
 * One question to several upstreams. Who does not answer is named in the result, and keeps nobody
 * else from answering.
 */
import { abortError, within } from "lutra/internal";
import {
  type CacheHints,
  type CacheScope,
  isProtocolError,
  isTransportError,
  type JSONObject,
  ProtocolError,
  type RequestContext,
} from "lutra/protocol";
import { UpstreamError } from "../delivery/upstream-error.ts";
import type { Upstream } from "../upstreams/upstream.ts";

/** The key of `_meta` that lists the upstreams whose part a result lacks. */
export const missingKey = "dev.lutra/missing";

/** What one upstream answered. */
export interface Part<T> {
  readonly upstream: Upstream;
  readonly answer: T;
}

export interface Answers<T> {
  /** In the order of the upstreams, without those that do not offer what was asked. */
  readonly parts: readonly Part<T>[];
  /** The upstreams that should have answered. */
  readonly missing: readonly string[];
}

export interface Question<T> {
  readonly method: string;
  readonly context: RequestContext;
  /** How long an upstream may take, in milliseconds. */
  readonly partMs: number;
  readonly onWarning: (message: string, cause?: unknown) => void;
  /** Hears what each upstream that should have answered said in place of its part. */
  readonly onFailure?: ((upstream: string, error: ProtocolError) => void) | undefined;
  readonly ask: (upstream: Upstream, signal: AbortSignal) => Promise<T>;
}

/**
 * Asks all upstreams at once.
 *
 * @throws {ProtocolError} when no upstream gave a part: what the first that should have said, or
 * `methodNotFound`
 */
export async function askEach<T>(
  upstreams: readonly Upstream[],
  question: Question<T>,
): Promise<Answers<T>> {
  const { signal } = question.context;
  const settled = await Promise.allSettled(upstreams.map((one) => askWithin(one, question)));
  if (signal.aborted) throw abortError(signal);
  const parts: Part<T>[] = [];
  const missing: string[] = [];
  let failure: ProtocolError | undefined;
  for (const [index, upstream] of upstreams.entries()) {
    const outcome = settled[index] as PromiseSettledResult<T>;
    if (outcome.status === "fulfilled") parts.push({ upstream, answer: outcome.value });
    else if (!isNotOffered(outcome.reason)) {
      missing.push(upstream.name);
      const error = toUpstreamError(upstream.name, outcome.reason);
      failure ??= error;
      question.onFailure?.(upstream.name, error);
      question.onWarning(`${question.method}: no part of ${upstream.name}`, outcome.reason);
    }
  }
  if (parts.length === 0) throw failure ?? notOffered(question.method);
  return { parts, missing };
}

function askWithin<T>(upstream: Upstream, { context, partMs, ask }: Question<T>): Promise<T> {
  const tooLate = () => new UpstreamError("timeout", upstream.name, "The upstream is too slow");
  const bounds = { signal: context.signal, ms: partMs, tooLate };
  return within(bounds, (signal) => ask(upstream, signal));
}

/** An upstream that lacks a feature is complete without it. */
export function isNotOffered(error: unknown): boolean {
  return isProtocolError(error) && error.reason === "methodNotFound";
}

function notOffered(method: string): ProtocolError {
  return new ProtocolError("methodNotFound", `Method not found: ${method}`);
}

/** What a client is told of an upstream that did not answer. */
export function toUpstreamError(upstream: string, error: unknown): ProtocolError {
  if (isProtocolError(error)) return error;
  const reason = isTransportError(error) ? error.reason : "malformed";
  const kind = reason === "timeout" || reason === "malformed" ? reason : "unreachable";
  return new UpstreamError(kind, upstream, "The upstream gave no usable answer", { cause: error });
}

/**
 * The freshness of a result made of parts: what is stale at once in one of them is so in the whole,
 * otherwise the shortest counts; and what one keeps private stays so. A result that lacks a part is
 * not to be kept as if it were complete. Parts without anything to say, of upstreams that do not
 * offer what was asked, do not count.
 *
 * @spec server/utilities/caching#cacheable-model
 */
export function mergedHints(hints: readonly CacheHints[], missing: readonly string[]): CacheHints {
  if (missing.length > 0) return { ttlMs: 0, cacheScope: "private" };
  const cacheScope: CacheScope = hints.every((one) => one.cacheScope === "public")
    ? "public"
    : "private";
  return { ttlMs: Math.min(...hints.map(({ ttlMs }) => ttlMs)), cacheScope };
}

/** The `_meta` of a merged result. */
export function mergedMeta(serverMeta: JSONObject, missing: readonly string[]): JSONObject {
  return missing.length === 0 ? serverMeta : { ...serverMeta, [missingKey]: [...missing] };
}

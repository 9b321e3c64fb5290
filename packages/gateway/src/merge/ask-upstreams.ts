/**
 * Sends one question to several upstreams. An upstream that does not answer is named in the result
 * and does not prevent the others from answering.
 */
import { setMaxListeners } from "node:events";
import { abortError, within } from "lutra/internal";
import type { ProtocolError, RequestContext } from "lutra/protocol";
import { UpstreamError } from "../delivery/upstream-error.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import { isMethodNotFound, methodNotFound, upstreamErrorOf } from "./merge-errors.ts";

export interface UpstreamAnswer<T> {
  readonly upstream: Upstream;
  readonly answer: T;
}

export interface UpstreamAnswers<T> {
  /** In the order of the upstreams, without those that do not support the method. */
  readonly answers: readonly UpstreamAnswer<T>[];
  /** The names of the upstreams that support the method and did not answer. */
  readonly missing: readonly string[];
}

export interface UpstreamQuestion<T> {
  readonly method: string;
  readonly context: RequestContext;
  /** Maximum time for an upstream without a `partMs` of its own, in milliseconds. */
  readonly partMs: number;
  readonly onWarning: (message: string, cause?: unknown) => void;
  /** Called for each missing upstream, with the error that a client would receive. */
  readonly onFailure?: ((upstream: string, error: ProtocolError) => void) | undefined;
  readonly ask: (upstream: Upstream, signal: AbortSignal) => Promise<T>;
  /**
   * True if an upstream that does not support the method counts as an answer without entries, so
   * that missing upstreams do not fail the request. @default false
   */
  readonly isOptional?: boolean | undefined;
}

/**
 * Asks all upstreams at once.
 *
 * @throws {ProtocolError} when no upstream answered: the error of the first missing one, or
 * `methodNotFound` if none supports the method
 */
export async function askUpstreams<T>(
  upstreams: readonly Upstream[],
  question: UpstreamQuestion<T>,
): Promise<UpstreamAnswers<T>> {
  const { method, context, onFailure, onWarning, isOptional = false } = question;
  // Each upstream adds a listener; Node warns above 10.
  setMaxListeners(0, context.signal);
  const settled = await Promise.allSettled(upstreams.map((one) => askWithin(one, question)));
  if (context.signal.aborted) throw abortError(context.signal);
  const answers: UpstreamAnswer<T>[] = [];
  const missing: string[] = [];
  let failure: ProtocolError | undefined;
  for (const [index, upstream] of upstreams.entries()) {
    const outcome = settled[index] as PromiseSettledResult<T>;
    if (outcome.status === "fulfilled") answers.push({ upstream, answer: outcome.value });
    else if (!isMethodNotFound(outcome.reason)) {
      missing.push(upstream.name);
      const error = upstreamErrorOf(upstream.name, outcome.reason);
      failure ??= error;
      onFailure?.(upstream.name, error);
      // The upstream itself warns once when it goes out.
      if (upstream.isOut?.() !== true) {
        onWarning(`${method}: upstream "${upstream.name}" did not answer`, outcome.reason);
      }
    }
  }
  if (answers.length > 0) return { answers, missing };
  if (failure === undefined) throw methodNotFound(method);
  if (isOptional && missing.length < upstreams.length) return { answers, missing };
  throw failure;
}

function askWithin<T>(
  upstream: Upstream,
  { context, partMs, ask }: UpstreamQuestion<T>,
): Promise<T> {
  const ms = upstream.partMs ?? partMs;
  const tooLate = () =>
    new UpstreamError("timeout", upstream.name, `The upstream did not answer within ${ms} ms`);
  const bounds = { signal: context.signal, ms, tooLate };
  return within(bounds, (signal) => ask(upstream, signal));
}

/**
 * Sends one question to several upstreams. An upstream that does not answer is named in the result
 * and does not prevent the others from answering.
 */
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
  /** Maximum time for one upstream, in milliseconds. */
  readonly partMs: number;
  readonly onWarning: (message: string, cause?: unknown) => void;
  /** Called for each missing upstream, with the error that a client would receive. */
  readonly onFailure?: ((upstream: string, error: ProtocolError) => void) | undefined;
  readonly ask: (upstream: Upstream, signal: AbortSignal) => Promise<T>;
}

/**
 * Asks all upstreams at once.
 *
 * @throws {ProtocolError} when no upstream answered: the error of the first missing one, or
 * `methodNotFound`
 */
export async function askUpstreams<T>(
  upstreams: readonly Upstream[],
  question: UpstreamQuestion<T>,
): Promise<UpstreamAnswers<T>> {
  const { method, context, onFailure, onWarning } = question;
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
      onWarning(`${method}: upstream "${upstream.name}" did not answer`, outcome.reason);
    }
  }
  if (answers.length === 0) throw failure ?? methodNotFound(method);
  return { answers, missing };
}

function askWithin<T>(
  upstream: Upstream,
  { context, partMs, ask }: UpstreamQuestion<T>,
): Promise<T> {
  const tooLate = () =>
    new UpstreamError("timeout", upstream.name, `The upstream did not answer within ${partMs} ms`);
  const bounds = { signal: context.signal, ms: partMs, tooLate };
  return within(bounds, (signal) => ask(upstream, signal));
}

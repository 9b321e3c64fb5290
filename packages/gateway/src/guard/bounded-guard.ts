/** Limits the time of a guard, and decides what happens when it fails. */
import {
  isProtocolError,
  type Middleware,
  ProtocolError,
  type RequestContext,
  type Result,
} from "lutra/protocol";
import { recordOf } from "../exchange-record.ts";

export interface BoundedGuardOptions {
  /** Maximum time before the request and, again, after its result, in milliseconds. */
  readonly timeoutMs: number;
  /** `open` to allow a request if the guard fails. */
  readonly failure: "closed" | "open";
  readonly onWarning: (message: string, cause?: unknown) => void;
}

/** The pause after which a refused client may retry, in milliseconds. */
const retryAfterMs = 1000;

const key = Symbol("lutra.gateway.guard");

/**
 * Wraps a guard. Its time is limited separately before and after the request; the time of the request
 * itself does not count. A `ProtocolError` of the guard is its decision, and is sent to the client. Any
 * other error, and a decision that takes too long, is a failure.
 */
export function boundedGuard(guard: Middleware, options: BoundedGuardOptions): Middleware {
  const { failure } = options;
  const warn = limitWarnings(options.onWarning);

  /** Returns the error for the client, or undefined if the request is allowed. */
  function refusalBy(error: unknown, context: RequestContext): ProtocolError | undefined {
    if (isProtocolError(error)) return recorded(error, "guard", context);
    warn(error);
    return failure === "open" ? undefined : recorded(noDecision(error), "guard-failed", context);
  }

  return (next) => {
    const decide = guard((request, context) => {
      const decision = (context as { [key]?: Decision })[key];
      return decision?.pass(() => next(request, context)) ?? next(request, context);
    });
    return async (request, context) => {
      const decision = new Decision(options.timeoutMs);
      const own = Object.assign({ ...context }, { [key]: decision });
      try {
        return await Promise.race([decide(request, own), decision.late]);
      } catch (error) {
        if (decision.isRequestError(error)) throw error;
        const refusal = refusalBy(error, context);
        if (refusal !== undefined) throw refusal;
        return await (decision.passed ?? next(request, context));
      } finally {
        decision.end();
      }
    };
  };
}

/** Records the reason of a refusal, and returns its error. */
function recorded(error: ProtocolError, reason: string, context: RequestContext): ProtocolError {
  const record = recordOf(context);
  if (record !== undefined) record.reason = reason;
  return error;
}

/** Minimum time between two warnings, in milliseconds. A guard that is down fails for each request. */
const warningPauseMs = 60_000;

function limitWarnings(onWarning: BoundedGuardOptions["onWarning"]): (cause: unknown) => void {
  let warnedAt = Number.NEGATIVE_INFINITY;
  return (cause) => {
    const now = performance.now();
    if (now - warnedAt < warningPauseMs) return;
    warnedAt = now;
    onWarning("the guard failed", cause);
  };
}

/** The decision about one request, and its time. */
class Decision {
  /** Rejects when the guard takes too long. */
  readonly late: Promise<never>;
  /** The result of the request, once the guard has passed it on. */
  passed: Promise<Result> | undefined;
  readonly #timeoutMs: number;
  #onLate: (error: Error) => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.late = new Promise((_resolve, reject) => {
      this.#onLate = reject;
    });
    this.#start();
  }

  /** Passes the request on, and stops the time meanwhile. A late guard can't pass it on any more. */
  async pass(send: () => Promise<Result>): Promise<Result> {
    if (this.#isOver) throw new Error("the decision came too late");
    clearTimeout(this.#timer);
    this.passed = send();
    try {
      return await this.passed;
    } catch (error) {
      this.#failure = { error };
      throw error;
    } finally {
      if (!this.#isOver) this.#start();
    }
  }

  /** Returns true for the error of the request itself, which the guard passed back. */
  isRequestError(error: unknown): boolean {
    return this.#failure !== undefined && this.#failure.error === error;
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #start(): void {
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#onLate(new Error(`no decision within ${this.#timeoutMs} ms`));
    }, this.#timeoutMs);
  }
}

function noDecision(cause: unknown): ProtocolError {
  return new ProtocolError("internalError", "The guard of the gateway made no decision", {
    status: 503,
    retryAfterMs,
    data: { retryAfterMs },
    cause,
  });
}

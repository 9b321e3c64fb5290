/**
 * Answers requests that were read, over the replicas of an upstream.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */
import type { HttpSender } from "lutra/internal";
import {
  isProtocolError,
  isTransportError,
  type JSONRPCRequest,
  type RequestContext,
  type Result,
  type Serve,
} from "lutra/protocol";
import { type ExchangeRecord, recordOf } from "../exchange-record.ts";
import type { Replica } from "../replicas/replica.ts";
import { Attempt } from "./attempt.ts";
import { connectFailure } from "./connect-failure.ts";
import { abortError, enterGate } from "./enter-gate.ts";
import type { Fleet } from "./fleet.ts";
import { type NameFields, nameOf } from "./name-fields.ts";
import { limitsOf, timeoutError, timeoutReason } from "./time-limits.ts";
import type { UpstreamError } from "./upstream-error.ts";
import { refusalBy } from "./upstream-refusal.ts";

export interface ServeReplicasOptions {
  readonly fleet: Fleet;
  readonly send: HttpSender;
  /** The headers that a request takes along. */
  readonly headers: (context: RequestContext) => RequestContext["addHeaders"];
  readonly nameFields: NameFields;
}

export function createServe(options: ServeReplicasOptions): Serve {
  const { fleet } = options;
  return async (request, context) => {
    const record = recordOf(context);
    if (record !== undefined) record.upstream = fleet.name;
    if (context.signal.aborted) throw abortError(context.signal);
    const isLongLived = fleet.rules.isLongLived(request.method);
    if (!isLongLived) await enterGate(fleet, context.signal, record);
    try {
      return await new Exchange(options, request, context, isLongLived).run();
    } finally {
      if (!isLongLived) fleet.gate.leave();
    }
  };
}

/** One request, and the replicas it was tried at. */
class Exchange {
  readonly #options: ServeReplicasOptions;
  readonly #request: JSONRPCRequest;
  readonly #context: Pick<RequestContext, "signal" | "notify" | "addHeaders">;
  readonly #record: ExchangeRecord | undefined;
  readonly #isLongLived: boolean;
  readonly #endsAt: number;
  #tried: Replica[] = [];
  #attempts = 0;

  constructor(
    options: ServeReplicasOptions,
    request: JSONRPCRequest,
    context: RequestContext,
    isLongLived: boolean,
  ) {
    this.#options = options;
    this.#request = request;
    const { signal, notify } = context;
    this.#context = { signal, notify, addHeaders: options.headers(context) };
    this.#record = recordOf(context);
    this.#isLongLived = isLongLived;
    const { clock, timeouts } = options.fleet;
    this.#endsAt = clock.now() + limitsOf(timeouts, isLongLived).totalMs;
  }

  async run(): Promise<Result> {
    const { fleet, send } = this.#options;
    let failure: UpstreamError | undefined;
    for (;;) {
      const replica = fleet.replicas.pick(this.#tried);
      if (replica === undefined || this.#attempts >= fleet.maxAttempts) {
        throw failure ?? this.#fail("not-ready", fleet.notReady());
      }
      const attempt = this.#begin(replica);
      try {
        return await send(attempt, this.#request, this.#context);
      } catch (error) {
        failure = this.#judge(attempt, error);
      }
    }
  }

  #begin(replica: Replica): Attempt {
    const { replicas, deadlines, timeouts } = this.#options.fleet;
    this.#attempts += 1;
    this.#tried.push(replica);
    const record = this.#record;
    if (record !== undefined) {
      record.attempts = this.#attempts;
      record.replica = replica.name;
    }
    return new Attempt(replica, {
      replicas,
      deadlines,
      limits: limitsOf(timeouts, this.#isLongLived),
      endsAt: this.#endsAt,
      onAnswer: () => {
        if (record !== undefined) record.upstreamMs = performance.now() - record.startedAt;
      },
    });
  }

  /** Throws what ends the exchange; returns what is to be said when no other replica answers. */
  #judge(attempt: Attempt, error: unknown): UpstreamError {
    const { fleet } = this.#options;
    const { signal } = this.#context;
    const refusal = refusalBy(fleet.name, attempt.errorHead, error);
    if (refusal !== undefined) throw refusal;
    if (isProtocolError(error) || !isTransportError(error)) throw error;
    if (signal.aborted) throw abortError(signal);
    if (attempt.timedOut !== undefined) {
      const failure = timeoutError(fleet.name, attempt.timedOut);
      throw this.#fail(timeoutReason(attempt.timedOut), failure);
    }
    if (error.reason !== "closed") {
      throw this.#fail("malformed", fleet.malformed(error));
    }
    if (!attempt.isSent) {
      const failed = connectFailure(fleet, error);
      return this.#fail(failed.reason, failed.error);
    }
    const failure = this.#fail("broken", fleet.broken(error));
    if (attempt.hasAnswer || !this.#isRepeatable()) throw failure;
    // A connection that was kept for long breaks though its replica is well.
    if (fleet.replicas.pick(this.#tried) === undefined) this.#tried = [];
    return failure;
  }

  #fail(reason: string, error: UpstreamError): UpstreamError {
    if (this.#record !== undefined) this.#record.reason = reason;
    return error;
  }

  #isRepeatable(): boolean {
    const { fleet, nameFields } = this.#options;
    return fleet.rules.isRepeatable(this.#request.method, nameOf(nameFields, this.#request));
  }
}

/** One try to get an answer from one replica, for a request that was read. */
import { isTransportError } from "lutra/protocol";
import type { Dispatcher } from "undici";
import { causeOf } from "../replicas/cause.ts";
import type { Replica } from "../replicas/replica.ts";
import type { ReplicaSet } from "../replicas/replica-set.ts";
import type { Deadlines, Timed } from "./deadlines.ts";
import { isGatewayFailure } from "./response-verdict.ts";
import { type Phase, phaseError, type TimeLimits } from "./time-limits.ts";
import { type AnswerHead, readErrorHead } from "./upstream-refusal.ts";

export interface AttemptOptions {
  readonly replicas: ReplicaSet;
  readonly deadlines: Deadlines;
  readonly limits: TimeLimits;
  /** When the whole exchange must be over, by the clock. */
  readonly endsAt: number;
  /** Hears of the head of the answer. */
  readonly onAnswer: () => void;
}

type Headers = { readonly [name: string]: string | string[] | undefined };

/** Stands between the transport and the replica's connections, and sees what happens there. */
export class Attempt implements Dispatcher.DispatchHandler, Timed {
  dueAt = Number.POSITIVE_INFINITY;
  /** Whether anything of the request may have reached the replica. */
  isSent = false;
  hasAnswer = false;
  /** What the head of the answer says of an error in it. */
  errorHead: AnswerHead | undefined;
  /** What took too long. */
  timedOut: Phase | undefined;
  readonly #replica: Replica;
  readonly #options: AttemptOptions;
  #handler: Dispatcher.DispatchHandler | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #phase: Phase = "connect";

  constructor(replica: Replica, options: AttemptOptions) {
    this.#replica = replica;
    this.#options = options;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.#handler = handler;
    this.#replica.inFlight += 1;
    this.#options.deadlines.add(this);
    // The pool knows how long a connection may take.
    this.#wait("connect", Number.POSITIVE_INFINITY);
    const { pool, path } = this.#replica;
    return pool.dispatch({ ...options, path }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#controller = controller;
    this.isSent = true;
    if (this.timedOut !== undefined) {
      controller.abort(phaseError(this.timedOut));
      return;
    }
    this.#wait("first-byte", this.#options.limits.firstByteMs);
    this.#handler?.onRequestStart?.(controller, context);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Headers,
    statusMessage?: string,
  ): void {
    if (status < 200) return;
    this.hasAnswer = true;
    this.errorHead = readErrorHead(status, headers);
    this.#options.onAnswer();
    const { health } = this.#replica;
    const type = headers["content-type"];
    if (isGatewayFailure(status, Array.isArray(type) ? type[0] : type)) {
      health.fail(`HTTP status ${status}`);
    } else health.succeed();
    this.#wait("idle", this.#options.limits.idleMs);
    this.#handler?.onResponseStart?.(controller, status, { ...headers }, statusMessage);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler?.onResponseData?.(controller, chunk);
    // While the client takes its time, the replica can't send.
    const { idleMs } = this.#options.limits;
    this.#wait("idle", controller.paused ? Number.POSITIVE_INFINITY : idleMs);
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: Headers): void {
    this.#leave();
    this.#handler?.onResponseEnd?.(controller, { ...trailers });
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.#leave();
    const { replicas } = this.#options;
    // What this side broke off, other than for its slowness, says nothing about the replica.
    const isBlameless = isTransportError(error) && this.timedOut !== "first-byte";
    if (!isBlameless && !this.isSent) replicas.failConnect(this.#replica, causeOf(error));
    else if (!isBlameless) this.#replica.health.fail(causeOf(error));
    this.#handler?.onResponseError?.(controller, error);
  }

  onDue(): void {
    this.timedOut = this.dueAt < this.#options.endsAt ? this.#phase : "total";
    this.dueAt = Number.POSITIVE_INFINITY;
    const error = phaseError(this.timedOut);
    if (this.#controller !== undefined) this.#controller.abort(error);
    // Still connecting: the request is aborted as soon as it has a connection.
    else this.#handler?.onResponseError?.(undefined as never, error);
  }

  #wait(phase: Phase, ms: number): void {
    this.#phase = phase;
    this.dueAt = Math.min(this.#options.deadlines.in(ms), this.#options.endsAt);
  }

  #leave(): void {
    this.#replica.inFlight -= 1;
    this.#options.deadlines.delete(this);
  }
}

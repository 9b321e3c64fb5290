/**
 * The policy for getting one request to a replica of an upstream: the queue, the choice of a
 * replica, the time limits, and the retries. A carrier moves the request and the answer, and reports
 * its progress.
 */
import { mayRunTwice } from "lutra/internal";
import {
  isTransportError,
  type Method,
  type ProtocolError,
  type TransportError,
} from "lutra/protocol";
import type { ExchangeRecord } from "../exchange-record.ts";
import { causeOf, isShortage } from "../replicas/cause.ts";
import type { AttemptTrace } from "../tracing/exchange-trace.ts";
import type { Timed } from "./deadlines.ts";
import type { Fleet, Recipient } from "./fleet.ts";
import type { Waiter } from "./gate.ts";
import { limitsOf, type Phase, type TimeLimits } from "./time-limits.ts";
import {
  brokenFailureOf,
  connectFailureOf,
  type Failure,
  failureOf,
  isMalformedRequest,
  isRetired,
  malformedOf,
  malformedRequest,
  phaseError,
  silenceError,
  silentOf,
  timeoutOf,
} from "./upstream-error.ts";

/** Moves a request to a replica, and the answer back. */
export interface Carrier<R> {
  /** Sends the request, and reports the connection, the answer and the end to the delivery. */
  readonly send: (replica: R) => void;
  /** Returns the replica that should get the request first, if any. Absent where all are equal. */
  readonly preferred?: (() => R | undefined) | undefined;
  /** Prepares an already sent request for another attempt. Returns false if this is impossible. */
  readonly rewind: () => boolean;
  /** Aborts the exchange with the replica, if the exchange has a connection. */
  readonly abort: (error: TransportError) => void;
  /** Reports to the client that the delivery failed. Called at most once. */
  readonly fail: (error: ProtocolError) => void;
}

export interface DeliveryInit {
  readonly method: string | undefined;
  /** The tool, prompt or resource that the request names. */
  readonly name: string | undefined;
  /** True for a request that serves no client. @default false */
  readonly isOwn?: boolean | undefined;
  readonly record: Pick<
    ExchangeRecord,
    | "startedAt"
    | "upstream"
    | "replica"
    | "attempts"
    | "reason"
    | "upstreamMs"
    | "connectMs"
    | "answerMs"
    | "trace"
  >;
}

/**
 * The stages of a delivery:
 *
 * - `waiting`: the request waits for its body, or for a slot
 * - `connecting`: a replica was chosen, and nothing was sent
 * - `sent`: the replica may have read and executed the request
 * - `moving`: the exchange is being aborted, and the request is then sent to another replica
 * - `answering`: the answer has begun
 * - `ended`: answered, failed or cancelled
 */
export type Stage = "waiting" | "connecting" | "sent" | "moving" | "answering" | "ended";

const never = Number.POSITIVE_INFINITY;
const none: readonly never[] = [];

export class Delivery<R extends Recipient> implements Timed, Waiter {
  dueAt = never;
  watched: Timed["watched"] = undefined;
  queued: Waiter["queued"] = undefined;
  stage: Stage = "waiting";
  /** The span of the current attempt. Undefined without tracing. */
  attempt: AttemptTrace | undefined;
  readonly #carrier: Carrier<R>;
  readonly #fleet: Fleet<R>;
  readonly #record: DeliveryInit["record"];
  readonly #method: Method | undefined;
  readonly #name: string | undefined;
  readonly #isOwn: boolean;
  readonly #limits: TimeLimits;
  #holdsSlot = false;
  #attempts = 0;
  #replica: R | undefined;
  #tried: readonly R[] = none;
  #phase: Phase = "connect";
  #endsAt = never;
  /** The time at which the replica was chosen, by `performance.now()`. */
  #chosenAt = 0;
  /** The time at which the request was sent, by `performance.now()`. */
  #beginsAt = 0;

  constructor(carrier: Carrier<R>, fleet: Fleet<R>, init: DeliveryInit) {
    const { method = "", name, record, isOwn = false } = init;
    this.#carrier = carrier;
    this.#fleet = fleet;
    this.#record = record;
    this.#method = fleet.methods.get(method);
    this.#name = name;
    this.#isOwn = isOwn && this.#method?.longLived === true;
    this.#limits = limitsOf(fleet.timeouts, this.#isLongLived);
    record.upstream = fleet.name;
  }

  /** Sends the request, or queues it. A request whose response stays open needs no slot. */
  start(): void {
    if (this.stage === "ended") return;
    const { gate, isClosed, name } = this.#fleet;
    if (isClosed) this.#fail(failureOf(name, "not-ready"));
    else if (this.#isLongLived) this.#begin();
    else {
      const entry = gate.enter(this);
      if (entry === "entered") this.#enter();
      else if (entry === "full") this.onTimeout();
      else this.#record.trace?.wait("queue");
    }
  }

  onTurn(): void {
    this.#record.trace?.waited("queue");
    this.#enter();
  }

  onTimeout(): void {
    this.#fail(failureOf(this.#fleet.name, "queue"));
  }

  /** Reports that the request is about to be sent. Returns false when the delivery has ended. */
  connected(): boolean {
    if (this.stage === "ended") return false;
    this.stage = "sent";
    this.#beginsAt = performance.now();
    this.#record.connectMs = this.#beginsAt - this.#chosenAt;
    this.waitFor("first-byte");
    return true;
  }

  /** Reports the head of the answer. `fault` is set if the head shows an unavailable replica. */
  answered(fault?: string): void {
    if (this.stage === "ended") return;
    const { health } = this.#replica as R;
    if (fault === undefined) health.succeed();
    else health.fail(fault);
    this.stage = "answering";
    const now = performance.now();
    this.#record.upstreamMs = now - this.#record.startedAt;
    this.#record.answerMs = now - this.#beginsAt;
    this.waitFor("idle");
  }

  /** Starts the time limit of a phase. Only the total limit applies in `connect` and `total`. */
  waitFor(phase: Phase): void {
    this.#phase = phase;
    this.dueAt = Math.min(this.#fleet.deadlines.in(this.#msOf(phase)), this.#endsAt);
  }

  /** Reports that the exchange with the replica has ended. Called once for each `send`. */
  released(): void {
    const replica = this.#replica as R;
    replica.inFlight -= 1;
    if (this.#isOwn) replica.ownSubscriptions -= 1;
  }

  /** Reports that the answer is complete. */
  done(): void {
    if (this.stage !== "ended") this.#end();
  }

  /** Reports that the exchange with the replica failed; retries the request where possible. */
  failed(error: Error): void {
    const { stage } = this;
    if (stage === "ended") return;
    const replica = this.#replica as R;
    if (stage === "connecting") this.#failConnect(replica, error);
    else if (stage === "moving") this.#move(replica);
    else this.#failSent(replica, error, stage === "answering");
  }

  /** Sends the request once more. Called when a replica has refused it, before it ran. */
  again(): void {
    if (this.stage === "ended") return;
    this.#attempts -= 1;
    this.#sendToNext(undefined);
  }

  /** Fails the request. */
  refuse(failure: Failure): void {
    if (this.stage !== "ended") this.#fail(failure);
  }

  /** Ends the delivery because the client disconnected. Returns false if it had already ended. */
  cancel(error: TransportError): boolean {
    if (this.stage === "ended") return false;
    this.#fleet.gate.abandon(this);
    this.#end();
    this.#carrier.abort(error);
    return true;
  }

  onDue(): void {
    this.expire(this.dueAt < this.#endsAt ? this.#phase : "total");
  }

  /** Fails the request because a phase has taken too long. */
  expire(phase: Phase): void {
    if (this.stage === "ended") return;
    this.#fleet.gate.abandon(this);
    const error = phaseError(phase);
    if (phase === "first-byte") this.#replica?.health.fail(error.message);
    this.#fail(timeoutOf(this.#fleet.name, phase));
    this.#carrier.abort(error);
  }

  /**
   * Moves the request to another replica if it may run twice. Otherwise ends it once the silence of
   * the replica is confirmed, because the answer would be late or never come.
   */
  onSilent(replica: unknown, isConfirmed: boolean): void {
    const { stage } = this;
    if (replica !== this.#replica || (stage !== "sent" && stage !== "answering")) return;
    if (stage === "sent" && this.#mayMove(this.#replica as R)) {
      this.stage = "moving";
      this.waitFor("total");
    } else if (isConfirmed) this.#fail(silentOf(this.#fleet.name));
    else return;
    this.#carrier.abort(silenceError());
  }

  /** Returns true when a second execution of the request does no harm. */
  mayRunTwice(): boolean {
    const { annotations } = this.#fleet;
    const [method, name] = [this.#method, this.#name];
    const isAnnotated = method?.annotated === true && name !== undefined;
    return mayRunTwice(method, isAnnotated ? annotations?.(name) : undefined);
  }

  get #isLongLived(): boolean {
    return this.#method?.longLived === true;
  }

  #enter(): void {
    this.#holdsSlot = true;
    this.#begin();
  }

  #begin(): void {
    this.#endsAt = this.#fleet.clock.now() + this.#limits.totalMs;
    this.#fleet.deadlines.add(this);
    this.#sendToNext(undefined);
  }

  /** Sends the request to the next replica. Fails if no replica or no attempt is left. */
  #sendToNext(failure: Failure | undefined): void {
    const { name, replicas, maxAttempts } = this.#fleet;
    this.attempt?.end(failure?.reason);
    const preferred = this.#attempts === 0 ? this.#carrier.preferred?.() : undefined;
    const replica =
      preferred ?? (this.#attempts < maxAttempts ? replicas.pick(this.#tried) : undefined);
    if (replica === undefined) {
      this.#fail(failure ?? failureOf(name, "not-ready"));
      return;
    }
    this.#attempts += 1;
    this.#record.attempts = this.#attempts;
    this.#record.replica = replica.name;
    replica.inFlight += 1;
    if (this.#isOwn) replica.ownSubscriptions += 1;
    this.#replica = replica;
    this.attempt = this.#record.trace?.attempt(name, replica.name);
    this.stage = "connecting";
    this.#chosenAt = performance.now();
    this.waitFor("connect");
    this.#carrier.send(replica);
  }

  #mayMove(replica: R): boolean {
    const { replicas, maxAttempts } = this.#fleet;
    if (this.#attempts >= maxAttempts || !this.mayRunTwice()) return false;
    return replicas.pick([...this.#tried, replica]) !== undefined;
  }

  #move(replica: R): void {
    const failure = silentOf(this.#fleet.name);
    if (!this.#carrier.rewind()) {
      this.#fail(failure);
      return;
    }
    this.#tried = [...this.#tried, replica];
    this.#sendToNext(failure);
  }

  /** Sends the request to another replica. Nothing was sent, so this is safe for any request. */
  #failConnect(replica: R, error: Error): void {
    const { name, replicas } = this.#fleet;
    if (isMalformedRequest(error)) {
      this.#fail(malformedRequest(error));
      return;
    }
    if (isShortage(error)) {
      this.#fleet.onShortage(causeOf(error));
      this.#fail(failureOf(name, "file-limit", error));
      return;
    }
    if (!isRetired(error)) replicas.failConnect(replica, causeOf(error));
    this.#tried = [...this.#tried, replica];
    this.#sendToNext(connectFailureOf(name, error));
  }

  /**
   * Retries only a request that may run twice. The replica may have executed the request, even if
   * the error is that an idle connection was closed.
   */
  #failSent(replica: R, error: Error, isAnswering: boolean): void {
    const { name, replicas } = this.#fleet;
    const isMalformed = isTransportError(error) && error.reason !== "closed";
    if (!isMalformed || !isAnswering) replica.health.fail(causeOf(error));
    const failure = isMalformed
      ? malformedOf(name, error)
      : brokenFailureOf(name, error, isAnswering);
    const mayRetry = !isMalformed && !isAnswering && this.mayRunTwice();
    if (!mayRetry || !this.#carrier.rewind()) {
      this.#fail(failure);
      return;
    }
    this.#tried = [...this.#tried, replica];
    // An idle connection can break while its replica is healthy, so replicas may be tried again.
    if (replicas.pick(this.#tried) === undefined) this.#tried = none;
    this.#sendToNext(failure);
  }

  #fail({ reason, error }: Failure): void {
    this.#record.reason = reason;
    this.attempt?.end(reason);
    this.#end();
    this.#carrier.fail(error);
  }

  #end(): void {
    this.stage = "ended";
    this.attempt?.end();
    this.#fleet.deadlines.delete(this);
    if (!this.#holdsSlot) return;
    this.#holdsSlot = false;
    this.#fleet.gate.leave();
  }

  /** Returns the limit of a phase. The pool itself limits the time for a connection. */
  #msOf(phase: Phase): number {
    const { firstByteMs, idleMs } = this.#limits;
    if (phase === "connect" || phase === "total") return never;
    return phase === "first-byte" ? firstByteMs : idleMs;
  }
}

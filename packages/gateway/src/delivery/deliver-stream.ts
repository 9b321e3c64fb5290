/**
 * One request on its way to a replica, and the answer on its way back. Both bodies pass as they
 * come, no faster than their reader takes them; nothing of them is parsed.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */
import { endEarly } from "lutra/internal";
import type { Dispatcher } from "undici";
import { causeOf } from "../replicas/cause.ts";
import type { Replica } from "../replicas/replica.ts";
import { connectFailure } from "./connect-failure.ts";
import type { Timed } from "./deadlines.ts";
import { type Failure, isMalformed, isRetired, malformedRequest, slowBody } from "./failures.ts";
import type { Fleet } from "./fleet.ts";
import type { Forward } from "./forward.ts";
import type { Waiter } from "./gate.ts";
import { awaitBody, BodyStream, hasBody } from "./request-body.ts";
import { endWith, flushHeaders } from "./response-body.ts";
import { isGatewayFailure } from "./response-verdict.ts";
import { readResponseHead } from "./stream-headers.ts";
import {
  limitsOf,
  type Phase,
  phaseError,
  type TimeLimits,
  timeoutError,
  timeoutReason,
} from "./time-limits.ts";

/** What the requests to one upstream share. */
export interface ForwardPath {
  readonly fleet: Fleet;
  /** The headers that the replica gets. */
  readonly requestHeaders: (headers: readonly string[]) => readonly string[];
}

const noHeaders: readonly string[] = [];
const noReplicas: readonly Replica[] = [];
const never = Number.POSITIVE_INFINITY;

/**
 * Speaks undici's own handler interface, which version 7 still has under the newer one: that would
 * make two objects more and read the headers into a third, which nobody needs here.
 */
export class Forwarding implements Dispatcher.DispatchHandler, Timed, Waiter {
  dueAt = never;
  readonly #forward: Forward;
  readonly #path: ForwardPath;
  readonly #limits: TimeLimits;
  readonly #isCounted: boolean;
  #holdsPlace = false;
  #headers: readonly string[] = noHeaders;
  #body: Buffer | BodyStream | null = null;
  #replica: Replica | undefined;
  #tried: readonly Replica[] = noReplicas;
  #endsAt = never;
  #phase: Phase = "connect";
  #timedOut: Phase | undefined;
  /** Breaks off the exchange with the replica. Until it is there, nothing can have been sent. */
  #abort: ((error: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #hasAnswer = false;
  #length: number | undefined;
  #isEnded = false;
  /** The client has gone, or was refused: what the replica does concerns nobody any more. */
  #isSettled = false;

  constructor(forward: Forward, path: ForwardPath) {
    this.#forward = forward;
    this.#path = path;
    const isLongLived = path.fleet.rules.isLongLived(forward.head.method);
    this.#isCounted = !isLongLived;
    this.#limits = limitsOf(path.fleet.timeouts, isLongLived);
  }

  start(): void {
    const { req, res, record } = this.#forward;
    record.upstream = this.#path.fleet.name;
    // Whoever writes the record down when the response closes is to find it complete.
    res.prependOnceListener("close", () => this.#onClose());
    // Who sends nothing takes nobody's place.
    if (hasBody(req)) awaitBody(req, (body) => this.#enter(body ?? this.#stream()));
    else this.#enter(null);
  }

  #enter(body: Buffer | BodyStream | null): void {
    if (this.#isSettled) return;
    this.#body = body;
    const { gate, crowded } = this.#path.fleet;
    const entry = this.#isCounted ? gate.enter(this) : "entered";
    if (entry === "entered") this.onTurn();
    else if (entry === "full") this.#refuse({ reason: "queue", error: crowded() });
  }

  onLate(): void {
    this.#refuse({ reason: "queue", error: this.#path.fleet.crowded() });
  }

  onTurn(): void {
    const { fleet, requestHeaders } = this.#path;
    const { head, shadow } = this.#forward;
    this.#holdsPlace = this.#isCounted;
    this.#headers = requestHeaders(head.headers);
    this.#endsAt = fleet.clock.now() + this.#limits.totalMs;
    fleet.deadlines.add(this);
    if (shadow !== undefined && !(this.#body instanceof BodyStream)) {
      shadow({ head, body: this.#body });
    }
    this.#tryNext(undefined);
  }

  /** Sends to the next replica; with none left, the last failure is the answer. */
  #tryNext(failure: Failure | undefined): void {
    const { fleet } = this.#path;
    const { req, record } = this.#forward;
    const replica = fleet.replicas.pick(this.#tried);
    if (replica === undefined || record.attempts >= fleet.maxAttempts) {
      this.#refuse(failure ?? { reason: "not-ready", error: fleet.notReady() });
      return;
    }
    record.attempts += 1;
    record.replica = replica.name;
    replica.inFlight += 1;
    this.#replica = replica;
    this.#abort = undefined;
    // The pool knows how long a connection may take.
    this.#wait("connect", never);
    const { method = "POST" } = req;
    const { path } = replica;
    // undici only reads the array, and all methods that node:http accepts.
    const headers = this.#headers as string[];
    const options = { path, method: method as Dispatcher.HttpMethod, headers, body: this.#body };
    replica.pool.dispatch(options, this);
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#isSettled) abort(phaseError(this.#phase));
    else this.#wait("first-byte", this.#limits.firstByteMs);
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    // What a server says before its answer concerns one connection.
    if (status < 200) return true;
    const { req, res, record } = this.#forward;
    const { name, health } = this.#replica as Replica;
    this.#hasAnswer = true;
    this.#resume = resume;
    record.upstreamMs = performance.now() - record.startedAt;
    this.#wait("idle", this.#limits.idleMs);
    // The rest of a body that the replica did not wait for would be taken for the next request.
    const { headers, contentType, length } = readResponseHead(raw, name, !req.complete);
    if (isGatewayFailure(status, contentType)) health.fail(`HTTP status ${status}`);
    else health.succeed();
    this.#length = length;
    if (!(this.#body instanceof BodyStream)) this.#body = null;
    res.writeHead(status, headers);
    // A stream may stay quiet after its head.
    if (length === undefined) process.nextTick(flushHeaders, res);
    return true;
  }

  onData(chunk: Buffer): boolean {
    const { req, res } = this.#forward;
    if (chunk.length === this.#length && req.complete) {
      this.#isEnded = true;
      endWith(res, chunk);
      return true;
    }
    if (res.write(chunk)) {
      this.#wait("idle", this.#limits.idleMs);
      return true;
    }
    // It is the client that takes its time.
    this.#wait("total", never);
    res.once("drain", () => {
      this.#wait("idle", this.#limits.idleMs);
      this.#resume?.();
    });
    return false;
  }

  onComplete(): void {
    this.#leaveReplica();
    this.#finish();
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { req, res } = this.#forward;
    this.#dropBody();
    if (req.complete) res.end();
    else endEarly(res);
  }

  onError(error: Error): void {
    this.#leaveReplica();
    if (this.#isSettled) this.#finish();
    else if (this.#timedOut !== undefined) this.#failLate(this.#timedOut);
    else if (this.#hasAnswer) this.#cutOff(error);
    else if (this.#abort === undefined) this.#failUnsent(error);
    else this.#failSent(error);
  }

  onDue(): void {
    this.#timedOut = this.dueAt < this.#endsAt ? this.#phase : "total";
    this.dueAt = never;
    if (this.#abort !== undefined) this.#abort(phaseError(this.#timedOut));
    // Still connecting: the request is dropped as soon as it has a connection.
    else this.#failLate(this.#timedOut);
  }

  #onClose(): void {
    if (this.#isSettled || this.#forward.res.writableFinished) return;
    this.#isSettled = true;
    this.#forward.record.reason ??= "client-gone";
    this.#path.fleet.gate.abandon(this);
    this.#abort?.(phaseError(this.#phase));
    this.#finish();
  }

  #failLate(phase: Phase): void {
    const { name } = this.#path.fleet;
    const { res, record } = this.#forward;
    const reason = timeoutReason(phase);
    if (phase === "first-byte") this.#replica?.health.fail(phaseError(phase).message);
    if (!this.#hasAnswer) {
      this.#refuse({ reason, error: phase === "body" ? slowBody() : timeoutError(name, phase) });
      return;
    }
    record.reason = reason;
    this.#isSettled = true;
    this.#finish();
    res.destroy();
  }

  /** The answer has begun, so its client must see that it did not end. */
  #cutOff(error: Error): void {
    const { res, record } = this.#forward;
    const { malformed } = this.#path.fleet;
    if (!res.headersSent) {
      this.#refuse({ reason: "malformed", error: malformed(error) });
      return;
    }
    this.#replica?.health.fail(causeOf(error));
    record.reason = "broken";
    this.#isSettled = true;
    this.#finish();
    res.destroy();
  }

  /** No byte of the request has left, so another replica may have it, whatever it is. */
  #failUnsent(error: Error): void {
    const { fleet } = this.#path;
    const replica = this.#replica as Replica;
    if (isMalformed(error)) {
      this.#refuse(malformedRequest(error));
      return;
    }
    if (!isRetired(error)) fleet.replicas.failConnect(replica, causeOf(error));
    this.#tried = [...this.#tried, replica];
    this.#tryNext(connectFailure(fleet, error));
  }

  /**
   * The connection broke before the answer. Even on one that was kept open and had long been dead,
   * the request may have been read and acted on; nothing on this side tells. So only what may run
   * twice is sent again.
   */
  #failSent(error: Error): void {
    const { fleet } = this.#path;
    const { head } = this.#forward;
    const replica = this.#replica as Replica;
    const failure = { reason: "broken", error: fleet.broken(error) };
    replica.health.fail(causeOf(error));
    const body = this.#body instanceof BodyStream ? this.#body.again() : this.#body;
    if (body === undefined || !fleet.rules.isRepeatable(head.method, head.name)) {
      this.#refuse(failure);
      return;
    }
    this.#body = body;
    this.#tried = [...this.#tried, replica];
    // A connection that was kept for long breaks though its replica is well.
    if (fleet.replicas.pick(this.#tried) === undefined) this.#tried = noReplicas;
    this.#tryNext(failure);
  }

  #refuse({ reason, error }: Failure): void {
    const { record, refuse } = this.#forward;
    record.reason = reason;
    record.code = error.code;
    this.#isSettled = true;
    this.#finish();
    this.#dropBody();
    refuse(this.#forward, error, this.#body instanceof BodyStream ? null : this.#body);
  }

  /** Lets go of a body that is still arriving, so that what is left of it can be thrown away. */
  #dropBody(): void {
    if (this.#body instanceof BodyStream) this.#body.destroy();
  }

  #stream(): BodyStream {
    const { req, head, shadow } = this.#forward;
    const { firstByteMs, idleMs } = this.#limits;
    let isCopied = false;
    const isKept =
      shadow !== undefined || this.#path.fleet.rules.isRepeatable(head.method, head.name);
    return new BodyStream(req, {
      isKept,
      onKept: (body) => {
        // A second try streams the body once more.
        if (!isCopied) shadow?.({ head, body });
        isCopied = true;
      },
      onWait: (whom) => {
        if (this.#hasAnswer || this.#abort === undefined) return;
        if (whom === "nobody") this.#wait("first-byte", firstByteMs);
        else this.#wait(whom === "client" ? "body" : "idle", idleMs);
      },
    });
  }

  #wait(phase: Phase, ms: number): void {
    this.#phase = phase;
    this.dueAt = Math.min(this.#path.fleet.deadlines.in(ms), this.#endsAt);
  }

  #leaveReplica(): void {
    if (this.#replica !== undefined) this.#replica.inFlight -= 1;
  }

  /** Frees what the exchange holds; more than once does no harm. */
  #finish(): void {
    const { deadlines, gate } = this.#path.fleet;
    deadlines.delete(this);
    if (!this.#holdsPlace) return;
    this.#holdsPlace = false;
    gate.leave();
  }
}

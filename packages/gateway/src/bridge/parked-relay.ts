/**
 * Passes the retries of parked calls on to the gateway process that holds the call, over the event
 * bus. Messages are sent again until they are confirmed, so an outage of up to a minute loses none. A
 * retry runs once at most, because its state is taken once.
 */
import { ConfirmedMessages, delay, sizeOfJSON, unlessAborted } from "lutra/internal";
import {
  type JSONObject,
  type JSONRPCNotification,
  type JSONRPCRequest,
  ProtocolError,
  type RequestContext,
  type Result,
  TransportError,
} from "lutra/protocol";
import { randomId } from "lutra/server";
import { type EventBus, eventGapTopic } from "lutra/stores";
import { busInterrupted, callEnded } from "./parked-state.ts";
import { outcomeOf, type RelayedOutcome, resultOf } from "./relayed-outcome.ts";

/** The retry of a parked call, with its sealed state. */
export interface Retry {
  /** The caller for whom the state was sealed. */
  readonly caller: string;
  readonly request: JSONRPCRequest;
}

/** The calls that this process holds under one name. */
export interface ParkedOwner {
  /** Serves the retry of a call. */
  readonly serve: (retry: Retry, context: RequestContext) => Promise<Result>;
  /** Returns true while a call waits for input. */
  readonly isHolding: () => boolean;
}

/** A retry that another process serves. */
interface Sent {
  readonly notify: RequestContext["notify"];
  /** Aborts once the other process has the retry. */
  readonly taken: AbortController;
  /** Aborts once the outcome is here. */
  readonly ended: AbortController;
  outcome?: RelayedOutcome;
  /** The time of the last message about it, in milliseconds. */
  heardAt: number;
  /** Number of questions without an answer since then. */
  unanswered: number;
}

/** A retry that this process serves for another one. */
interface Served {
  readonly cancelled: AbortController;
  /** Aborts once the other process has the outcome. */
  readonly confirmed: AbortController;
  /** Cancels the call when the other process counts as gone. */
  readonly silence: NodeJS.Timeout;
}

const topic = "lutra.gateway.parked";
/** Time on a working bus after which no process holds the call of a retry, in milliseconds. */
const takeMs = 8000;
/** Time between two questions whether a call is still in progress, in milliseconds. */
const aliveMs = 5000;
/** Number of questions without an answer after which the process counts as gone. */
const maxUnanswered = 3;
/** Time without a message during an outage of the bus after which a retry fails, in milliseconds. */
const maxInterruptedMs = 60_000;
/** Time without a message after which the process that has sent a retry counts as gone. */
const maxSilentMs = 75_000;
/** Time between two checks for calls that wait for input, in milliseconds. */
const checkMs = 50;
/** Maximum number of retries that wait for other processes. */
const maxRelayed = 1000;
/** Maximum size of these retries in memory, in bytes. */
const maxRelayedBytes = 33_554_432;
const retryAfterMs = 1000;

export class ParkedRelay {
  readonly #bus: EventBus;
  readonly #onError: (error: unknown) => void;
  readonly #self = randomId();
  readonly #owners = new Map<string, ParkedOwner>();
  readonly #sent = new Map<string, Sent>();
  readonly #served = new Map<string, Served>();
  /** The cancelled retries whose outcome is not here. */
  readonly #cancelling = new Map<string, AbortController>();
  readonly #messages = new ConfirmedMessages();
  readonly #subscriptions: readonly (() => void)[];
  #sentBytes = 0;
  /** True when the last message could not be sent. */
  #hasFailed = false;

  constructor(bus: EventBus, onError: (error: unknown) => void) {
    this.#bus = bus;
    this.#onError = onError;
    this.#subscriptions = [
      bus.subscribe(topic, (event) => this.#receive(event)),
      bus.subscribe(eventGapTopic, () => this.#resume()),
    ];
  }

  /** Serves the calls that this process holds under a name, until the returned function is called. */
  own(name: string, owner: ParkedOwner): () => void {
    this.#owners.set(name, owner);
    return () => this.#owners.delete(name);
  }

  /** Resolves once no call of this process waits for a retry, or after a time, in milliseconds. */
  async untilReleased(ms: number): Promise<void> {
    const endAt = performance.now() + ms;
    while (this.#isHolding() && performance.now() < endAt) await delay(checkMs);
  }

  /**
   * Sends a retry to the process that holds its call.
   *
   * @throws {ProtocolError} `invalidParams` when that process does not answer, and 503 when the bus
   *   does not work for a minute
   */
  async send(owner: string, { caller, request }: Retry, context: RequestContext): Promise<Result> {
    const bytes = sizeOfJSON(request);
    if (this.#sent.size >= maxRelayed || this.#sentBytes + bytes > maxRelayedBytes) {
      const tooMany = "Too many retries are on their way to other gateways";
      throw new ProtocolError("internalError", tooMany, { status: 503, retryAfterMs });
    }
    const id = randomId();
    const { signal, notify, principal } = context;
    const [taken, ended] = [new AbortController(), new AbortController()];
    const sent: Sent = { notify, taken, ended, heardAt: performance.now(), unanswered: 0 };
    this.#sent.set(id, sent);
    this.#sentBytes += bytes;
    const message = { kind: "retry", caller, principal: principal?.id, request };
    const route = { to: owner, from: this.#self, id };
    try {
      return resultOf(await unlessAborted(this.#follow({ ...message, ...route }, sent), signal));
    } catch (error) {
      if (signal.aborted) void this.#cancel(route);
      throw error;
    } finally {
      ended.abort();
      this.#sent.delete(id);
      this.#sentBytes -= bytes;
    }
  }

  close(): void {
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    for (const { ended } of this.#sent.values()) ended.abort();
    for (const ended of this.#cancelling.values()) ended.abort();
    for (const { cancelled, confirmed } of this.#served.values()) {
      cancelled.abort();
      confirmed.abort();
    }
  }

  /** Delivers a retry, and waits for its outcome while the other process answers. */
  async #follow(message: JSONObject, sent: Sent): Promise<RelayedOutcome> {
    const { taken, ended } = sent;
    const { to, from, id } = message;
    const delivered = await this.#messages.deliver({
      send: () => this.#publish(message),
      confirmed: AbortSignal.any([taken.signal, ended.signal]),
      patienceMs: takeMs,
    });
    if (delivered === "untaken") throw callEnded();
    if (delivered === "interrupted") throw busInterrupted();
    while (sent.outcome === undefined) {
      if (sent.unanswered >= maxUnanswered || ended.signal.aborted) throw callEnded();
      if (performance.now() - sent.heardAt >= maxInterruptedMs) throw busInterrupted();
      sent.unanswered += 1;
      let isSent = false;
      void this.#tell({ kind: "alive", to, from, id }).then((value) => {
        isSent = value;
      });
      await delay(aliveMs, ended.signal).catch(() => {});
      if (!isSent) sent.unanswered = 0;
    }
    return sent.outcome;
  }

  /** Cancels a call at the other process, whose outcome is the confirmation. */
  async #cancel(route: { readonly to: string; readonly from: string; readonly id: string }) {
    if (this.#cancelling.size >= maxRelayed) return;
    const ended = new AbortController();
    this.#cancelling.set(route.id, ended);
    await this.#messages.deliver({
      send: () => this.#publish({ kind: "cancel", ...route }),
      confirmed: ended.signal,
      patienceMs: takeMs,
    });
    this.#cancelling.delete(route.id);
  }

  /** Sends a message that is not repeated. Resolves to false when the bus is unavailable. */
  async #tell(message: JSONObject): Promise<boolean> {
    try {
      await this.#publish(message);
      return true;
    } catch {
      return false;
    }
  }

  /** Publishes a message. Reports the first of several failures. */
  async #publish(message: JSONObject): Promise<void> {
    try {
      await this.#bus.publish(topic, message);
      this.#hasFailed = false;
    } catch (thrown) {
      if (!this.#hasFailed) this.#onError(thrown);
      this.#hasFailed = true;
      throw thrown;
    }
  }

  /** Asks the other processes for the messages that were lost, and sends the own ones again. */
  #resume(): void {
    for (const sent of this.#sent.values()) sent.unanswered = 0;
    void this.#tell({ kind: "missed", from: this.#self });
    this.#messages.repeat();
  }

  #isHolding(): boolean {
    return this.#served.size > 0 || [...this.#owners.values()].some((owner) => owner.isHolding());
  }

  /** Accepts a message of another process. The bus belongs to the operator, as the keys do. */
  #receive(event: JSONObject): void {
    const { kind, to, from, id } = event;
    if (kind === "missed" && from !== this.#self) this.#messages.repeat();
    if (typeof to !== "string" || typeof id !== "string") return;
    const owner = this.#owners.get(to);
    if (owner !== undefined) this.#receiveAsOwner(event, id, owner);
    else if (to === this.#self) this.#receiveAsSender(event, id);
  }

  #receiveAsOwner(event: JSONObject, id: string, owner: ParkedOwner): void {
    const { kind, from } = event;
    const served = this.#served.get(id);
    served?.silence.refresh();
    if (kind === "cancel") served?.cancelled.abort();
    else if (kind === "confirmed") served?.confirmed.abort();
    else if (served !== undefined) void this.#tell({ kind: "taken", to: from, id });
    else if (kind === "retry") void this.#serve(event, id, owner);
  }

  #receiveAsSender(event: JSONObject, id: string): void {
    const { kind, owner } = event;
    // The other process repeats an outcome until it is confirmed, also one that no request waits for.
    if (kind === "end") {
      void this.#tell({ kind: "confirmed", to: owner, id });
      this.#cancelling.get(id)?.abort();
    }
    const sent = this.#sent.get(id);
    if (sent === undefined) return;
    sent.heardAt = performance.now();
    sent.unanswered = 0;
    sent.taken.abort();
    if (kind === "notify") pass(event.notification as unknown as JSONRPCNotification, sent);
    if (kind !== "end") return;
    sent.outcome = event.outcome as unknown as RelayedOutcome;
    sent.ended.abort();
  }

  async #serve(event: JSONObject, id: string, owner: ParkedOwner): Promise<void> {
    const { from, to, caller, principal, request } = event;
    const [cancelled, confirmed] = [new AbortController(), new AbortController()];
    const silence = setTimeout(() => cancelled.abort(gone()), maxSilentMs);
    silence.unref();
    this.#served.set(id, { cancelled, confirmed, silence });
    void this.#tell({ kind: "taken", to: from, id });
    const context: RequestContext = {
      signal: cancelled.signal,
      notify: (notification) =>
        void this.#tell({ kind: "notify", to: from, id, notification: { ...notification } }),
      ...(typeof principal === "string" && { principal: { id: principal } }),
    };
    const retry = { caller: String(caller), request: request as unknown as JSONRPCRequest };
    const outcome = await outcomeOf(owner.serve(retry, context));
    const end = { kind: "end", to: from, owner: to, id, outcome };
    await this.#messages.deliver({
      send: () => this.#publish(end),
      confirmed: confirmed.signal,
    });
    clearTimeout(silence);
    this.#served.delete(id);
  }
}

function gone(): TransportError {
  return new TransportError("aborted", "The gateway of the caller is unreachable");
}

/**
 * Passes a notification on, before a later message about the outcome. The request of a client that no
 * longer reads is aborted elsewhere.
 */
function pass(notification: JSONRPCNotification, { notify }: Sent): void {
  try {
    const taken = notify(notification);
    if (taken !== undefined) void Promise.resolve(taken).catch(() => {});
  } catch {
    // As above.
  }
}

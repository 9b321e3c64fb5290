/**
 * Passes the retries of parked calls on to the gateway process that holds the call, over the event
 * bus. Messages are repeated until they are confirmed, so a short outage of the bus loses none. A
 * retry runs once at most, because its state is taken once.
 */
import { delay, sizeOfJSON, unlessAborted } from "lutra/internal";
import {
  type JSONObject,
  type JSONRPCNotification,
  type JSONRPCRequest,
  ProtocolError,
  type RequestContext,
  type Result,
} from "lutra/protocol";
import { randomId } from "lutra/server";
import type { EventBus } from "lutra/stores";
import { callEnded } from "./parked-state.ts";
import { outcomeOf, type RelayedOutcome, resultOf } from "./relayed-outcome.ts";

/** The retry of a parked call, with its sealed state. */
export interface Retry {
  /** The caller for whom the state was sealed. */
  readonly caller: string;
  readonly request: JSONRPCRequest;
}

/** Serves the retry of a call that this process holds. */
type ServeRetry = (retry: Retry, context: RequestContext) => Promise<Result>;

/** A retry that another process serves. */
interface Sent {
  readonly notify: RequestContext["notify"];
  /** Aborts once the other process has the retry. */
  readonly taken: AbortController;
  /** Aborts once the outcome is here. */
  readonly ended: AbortController;
  outcome?: RelayedOutcome;
  /** Number of messages about it so far. */
  heard: number;
}

/** A retry that this process serves for another one. */
interface Served {
  readonly cancelled: AbortController;
  /** Aborts once the other process has the outcome. */
  readonly confirmed: AbortController;
}

const topic = "lutra.gateway.parked";
/** Pauses after each attempt to deliver a message. Together they outlast a short outage of the bus. */
const pausesMs = [200, 500, 1000, 2000, 4000] as const;
/** Time between two questions whether a call is still in progress, in milliseconds. */
const aliveMs = 5000;
/** Number of questions without an answer after which the process counts as gone. */
const maxUnanswered = 3;
/** Maximum number of retries that wait for other processes. */
const maxRelayed = 1000;
/** Maximum size of these retries in memory, in bytes. */
const maxRelayedBytes = 33_554_432;
const retryAfterMs = 1000;

export class ParkedRelay {
  readonly #bus: EventBus;
  readonly #onError: (error: unknown) => void;
  readonly #self = randomId();
  readonly #owners = new Map<string, ServeRetry>();
  readonly #sent = new Map<string, Sent>();
  readonly #served = new Map<string, Served>();
  readonly #leave: () => void;
  #sentBytes = 0;

  constructor(bus: EventBus, onError: (error: unknown) => void) {
    this.#bus = bus;
    this.#onError = onError;
    this.#leave = bus.subscribe(topic, (event) => this.#receive(event));
  }

  /** Serves the calls that this process holds under a name, until the returned function is called. */
  own(name: string, serve: ServeRetry): () => void {
    this.#owners.set(name, serve);
    return () => this.#owners.delete(name);
  }

  /**
   * Sends a retry to the process that holds its call.
   *
   * @throws {ProtocolError} `invalidParams` when that process does not answer
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
    const sent: Sent = { notify, taken, ended, heard: 0 };
    this.#sent.set(id, sent);
    this.#sentBytes += bytes;
    const message = { kind: "retry", caller, principal: principal?.id, request };
    const route = { to: owner, from: this.#self, id };
    try {
      return resultOf(await unlessAborted(this.#follow({ ...message, ...route }, sent), signal));
    } catch (error) {
      if (signal.aborted) this.#publish({ kind: "cancel", ...route });
      throw error;
    } finally {
      ended.abort();
      this.#sent.delete(id);
      this.#sentBytes -= bytes;
    }
  }

  close(): void {
    this.#leave();
    for (const { ended } of this.#sent.values()) ended.abort();
    for (const { cancelled, confirmed } of this.#served.values()) {
      cancelled.abort();
      confirmed.abort();
    }
  }

  /** Delivers a retry, and waits for its outcome while the other process answers. */
  async #follow(message: JSONObject, sent: Sent): Promise<RelayedOutcome> {
    const { taken, ended } = sent;
    await this.#deliver(message, AbortSignal.any([taken.signal, ended.signal]));
    const { to, from, id } = message;
    let unanswered = taken.signal.aborted ? 0 : maxUnanswered;
    while (sent.outcome === undefined) {
      if (unanswered >= maxUnanswered || ended.signal.aborted) throw callEnded();
      const { heard } = sent;
      this.#publish({ kind: "alive", to, from, id });
      await delay(aliveMs, ended.signal).catch(() => {});
      unanswered = sent.heard > heard ? 0 : unanswered + 1;
    }
    return sent.outcome;
  }

  /** Repeats a message until it is confirmed. */
  async #deliver(message: JSONObject, confirmed: AbortSignal): Promise<void> {
    for (const pauseMs of pausesMs) {
      if (confirmed.aborted) return;
      this.#publish(message);
      await delay(pauseMs, confirmed).catch(() => {});
    }
  }

  #publish(message: JSONObject): void {
    try {
      void Promise.resolve(this.#bus.publish(topic, message)).catch(this.#onError);
    } catch (thrown) {
      this.#onError(thrown);
    }
  }

  /** Accepts a message of another process. The bus belongs to the operator, as the keys do. */
  #receive(event: JSONObject): void {
    const { to, id } = event;
    if (typeof to !== "string" || typeof id !== "string") return;
    const serve = this.#owners.get(to);
    if (serve !== undefined) this.#receiveAsOwner(event, id, serve);
    else if (to === this.#self) this.#receiveAsSender(event, id);
  }

  #receiveAsOwner(event: JSONObject, id: string, serve: ServeRetry): void {
    const { kind, from } = event;
    const served = this.#served.get(id);
    if (kind === "cancel") served?.cancelled.abort();
    else if (kind === "confirmed") served?.confirmed.abort();
    else if (served !== undefined) this.#publish({ kind: "taken", to: from, id });
    else if (kind === "retry") void this.#serve(event, id, serve);
  }

  #receiveAsSender(event: JSONObject, id: string): void {
    const { kind, owner } = event;
    // The other process repeats an outcome until it is confirmed, also one that no request waits for.
    if (kind === "end") this.#publish({ kind: "confirmed", to: owner, id });
    const sent = this.#sent.get(id);
    if (sent === undefined) return;
    sent.heard += 1;
    sent.taken.abort();
    if (kind === "notify") pass(event.notification as unknown as JSONRPCNotification, sent);
    if (kind !== "end") return;
    sent.outcome = event.outcome as unknown as RelayedOutcome;
    sent.ended.abort();
  }

  async #serve(event: JSONObject, id: string, serve: ServeRetry): Promise<void> {
    const { from, to, caller, principal, request } = event;
    const [cancelled, confirmed] = [new AbortController(), new AbortController()];
    this.#served.set(id, { cancelled, confirmed });
    this.#publish({ kind: "taken", to: from, id });
    const context: RequestContext = {
      signal: cancelled.signal,
      notify: (notification) =>
        this.#publish({ kind: "notify", to: from, id, notification: { ...notification } }),
      ...(typeof principal === "string" && { principal: { id: principal } }),
    };
    const retry = { caller: String(caller), request: request as unknown as JSONRPCRequest };
    const outcome = await outcomeOf(serve(retry, context));
    await this.#deliver({ kind: "end", to: from, owner: to, id, outcome }, confirmed.signal);
    this.#served.delete(id);
  }
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

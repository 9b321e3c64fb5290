/**
 * Messages between the replicas of a server about legacy sessions, over the event bus: the answers of
 * clients, cancellations, and changes of sessions arrive at any replica and concern another one.
 */
import { isObject, type JSONObject } from "../protocol/json.ts";
import { randomId } from "../server/random-id.ts";
import { BoundedMap } from "../stores/bounded-map.ts";
import { ConfirmedMessages, type Delivered } from "../stores/confirmed-messages.ts";
import { type EventBus, eventGapTopic } from "../stores/event-bus.ts";
import { sessionTopic } from "../transport/http/legacy-hook.ts";

/** A message of a kind that both replicas know. */
export type ChannelListener = (message: JSONObject) => void;

/** Takes a message if it concerns this replica. Returns the reply, or undefined. */
export type ChannelTaker = (message: JSONObject) => JSONObject | undefined;

/** The outcome of a message for one other replica. */
export interface Delivery {
  readonly outcome: Delivered;
  /** The reply of the replica that has taken it. */
  readonly reply: JSONObject | undefined;
}

/** Maximum number of messages of others whose replies are remembered, to take none of them twice. */
const maxTaken = 10_000;

const takenKind = "taken";
const missedKind = "missed";

export class Channel {
  readonly #bus: EventBus;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Map<string, ChannelListener>();
  readonly #takers = new Map<string, ChannelTaker>();
  /** Identifies this replica, which has no use for its own messages. */
  readonly #replica = randomId(9);
  readonly #onGap: (() => void)[] = [];
  readonly #onMissed: (() => void)[] = [];
  readonly #messages = new ConfirmedMessages();
  /** The messages that wait for a reply. */
  readonly #delivering = new Map<string, (reply: unknown) => void>();
  readonly #taken = new BoundedMap<string, JSONObject>({ maxEntries: maxTaken });

  constructor(bus: EventBus, onError: (error: unknown) => void) {
    this.#bus = bus;
    this.#onError = onError;
    bus.subscribe(sessionTopic, (event) => this.receive(event));
    bus.subscribe(eventGapTopic, () => this.#resume());
  }

  /** Sets the listener for the messages of one kind from other replicas. */
  on(kind: string, listener: ChannelListener): void {
    this.#listeners.set(kind, listener);
  }

  /** Sets the function that takes the messages of one kind that are for one replica. */
  take(kind: string, taker: ChannelTaker): void {
    this.#takers.set(kind, taker);
  }

  /** Adds a listener for gaps, during which messages were lost. */
  onGap(listener: () => void): void {
    this.#onGap.push(listener);
  }

  /** Adds a listener for gaps of other replicas, which may have missed messages of this one. */
  onMissed(listener: () => void): void {
    this.#onMissed.push(listener);
  }

  /** Sends a message to the other replicas. Its failure is reported, and does not concern the caller. */
  async send(kind: string, message: JSONObject): Promise<void> {
    try {
      await this.#publish(kind, message);
    } catch (thrown) {
      this.#onError(thrown);
    }
  }

  /**
   * Sends a message until one other replica has taken it, which happens once. The replica is any that
   * the message concerns.
   *
   * @param patienceMs Time on a working bus after which no replica takes it, in milliseconds
   */
  async deliver(kind: string, message: JSONObject, patienceMs?: number): Promise<Delivery> {
    const id = randomId(9);
    const confirmed = new AbortController();
    let reply: JSONObject | undefined;
    let hasFailed = false;
    this.#delivering.set(id, (received) => {
      reply = isObject(received) ? received : {};
      confirmed.abort();
    });
    const send = async () => {
      try {
        await this.#publish(kind, { ...message, delivery: id });
      } catch (thrown) {
        if (!hasFailed) this.#onError(thrown);
        hasFailed = true;
        throw thrown;
      }
    };
    const { signal } = confirmed;
    const outcome = await this.#messages.deliver({ send, confirmed: signal, patienceMs });
    this.#delivering.delete(id);
    return { outcome, reply };
  }

  /** Accepts an event of another replica. */
  receive(event: JSONObject): void {
    const { kind, replica, delivery, ...message } = event;
    if (replica === this.#replica || typeof kind !== "string") return;
    if (kind === takenKind) this.#delivering.get(String(delivery))?.(message.reply);
    else if (kind === missedKind) this.#repeat();
    else if (typeof delivery === "string") this.#take(kind, delivery, message);
    else this.#listeners.get(kind)?.(message);
  }

  async #publish(kind: string, message: JSONObject): Promise<void> {
    await this.#bus.publish(sessionTopic, { ...message, kind, replica: this.#replica });
  }

  /** Takes a message once, and replies each time that it arrives. */
  #take(kind: string, delivery: string, message: JSONObject): void {
    const reply = this.#taken.get(delivery) ?? this.#takers.get(kind)?.(message);
    if (reply === undefined) return;
    this.#taken.set(delivery, reply);
    void this.send(takenKind, { delivery, reply });
  }

  /** Asks the other replicas for the messages that were lost, and sends the own ones again. */
  #resume(): void {
    for (const listener of this.#onGap) listener();
    void this.send(missedKind, {});
    this.#messages.repeat();
  }

  /** Sends again what another replica may have missed. */
  #repeat(): void {
    this.#messages.repeat();
    for (const listener of this.#onMissed) listener();
  }
}

/**
 * Messages between the replicas of a server about legacy sessions, over the event bus: the answers of
 * clients, cancellations, and changes of sessions arrive at any replica and concern another one.
 */
import type { JSONObject } from "../protocol/json.ts";
import { randomId } from "../server/random-id.ts";
import { type EventBus, eventGapTopic } from "../stores/event-bus.ts";
import { sessionTopic } from "../transport/http/legacy-hook.ts";

/** A message of a kind that both replicas know. */
export type ChannelListener = (message: JSONObject) => void;

export class Channel {
  readonly #bus: EventBus;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Map<string, ChannelListener>();
  /** Identifies this replica, which has no use for its own messages. */
  readonly #replica = randomId(9);
  readonly #onGap: (() => void)[] = [];

  constructor(bus: EventBus, onError: (error: unknown) => void) {
    this.#bus = bus;
    this.#onError = onError;
    bus.subscribe(sessionTopic, (event) => this.receive(event));
    bus.subscribe(eventGapTopic, () => {
      for (const listener of this.#onGap) listener();
    });
  }

  /** Sets the listener for the messages of one kind from other replicas. */
  on(kind: string, listener: ChannelListener): void {
    this.#listeners.set(kind, listener);
  }

  /** Adds a listener for gaps, during which messages were lost. */
  onGap(listener: () => void): void {
    this.#onGap.push(listener);
  }

  /** Sends a message to the other replicas. Its failure is reported, and does not concern the caller. */
  async send(kind: string, message: JSONObject): Promise<void> {
    try {
      await this.#bus.publish(sessionTopic, { ...message, kind, replica: this.#replica });
    } catch (thrown) {
      this.#onError(thrown);
    }
  }

  /** Accepts an event of another replica. */
  receive(event: JSONObject): void {
    const { kind, replica, ...message } = event;
    if (replica === this.#replica || typeof kind !== "string") return;
    this.#listeners.get(kind)?.(message);
  }
}

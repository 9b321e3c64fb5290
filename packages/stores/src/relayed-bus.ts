/** The half of an event bus that is the same for all engines: local listeners at once, others by text. */
import { randomUUID } from "node:crypto";
import type { JSONObject } from "lutra/protocol";
import {
  createMemoryEventBus,
  type EventBus,
  type EventListener,
  eventGapTopic,
} from "lutra/stores";
import { decodeEvent, encodeEvent } from "./event-message.ts";

export interface RelayedBusOptions {
  /** Hands a message to all other buses; those of one bus in their order. */
  readonly send: (message: string) => Promise<void>;
  /** Hears what a listener threw, and what could not be sent. */
  readonly onError: (error: unknown) => void;
}

export class RelayedBus implements EventBus {
  readonly #sender = randomUUID();
  readonly #options: RelayedBusOptions;
  readonly #local: EventBus;
  readonly #listeners = new Map<string, number>();
  #sent = 0;
  #hasFailed = false;

  constructor(options: RelayedBusOptions) {
    this.#options = options;
    this.#local = createMemoryEventBus({ onError: options.onError });
  }

  /** Rejects with a `StoreUnavailableError` while others can't be reached. */
  publish = (topic: string, event: JSONObject): Promise<void> => {
    void this.#local.publish(topic, event);
    const sending = this.#send(topic, event);
    // Whoever does not await it has not asked.
    sending.catch(() => {});
    return sending;
  };

  subscribe = (topic: string, listener: EventListener): (() => void) => {
    const unsubscribe = this.#local.subscribe(topic, listener);
    this.#listeners.set(topic, (this.#listeners.get(topic) ?? 0) + 1);
    let isSubscribed = true;
    return () => {
      if (!isSubscribed) return;
      isSubscribed = false;
      unsubscribe();
      const left = (this.#listeners.get(topic) ?? 1) - 1;
      if (left > 0) this.#listeners.set(topic, left);
      else this.#listeners.delete(topic);
    };
  };

  /** Delivers what another bus sent. */
  receive(message: string): void {
    const found = decodeEvent(message);
    if (found === undefined || found.sender === this.#sender) return;
    if (!this.#listeners.has(found.topic)) return;
    try {
      void this.#local.publish(found.topic, found.event());
    } catch (error) {
      this.#options.onError(error);
    }
  }

  /** Says that events of others may be lost, and to others that some of this bus are. */
  resume(): void {
    void this.#local.publish(eventGapTopic, {});
    if (!this.#hasFailed) return;
    this.#hasFailed = false;
    this.#send(eventGapTopic, {}).catch(() => {});
  }

  async #send(topic: string, event: JSONObject): Promise<void> {
    this.#sent += 1;
    try {
      await this.#options.send(encodeEvent(this.#sender, this.#sent, { topic, event }));
    } catch (error) {
      this.#hasFailed = true;
      this.#options.onError(error);
      throw error;
    }
  }
}

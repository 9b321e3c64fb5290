/** The part of an event bus that all engines share. Local listeners are called at once. */
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
  /** Sends a message to all other buses, in the order of the calls. */
  readonly send: (message: string) => Promise<void>;
  /** Called with errors of listeners, and of messages that could not be sent. */
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

  /** Rejects with a `StoreUnavailableError` while other processes are unreachable. */
  publish = (topic: string, event: JSONObject): Promise<void> => {
    void this.#local.publish(topic, event);
    const sending = this.#send(topic, event);
    // Callers may ignore the promise, so a rejection must not end the process.
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

  /** Delivers a message from another bus. */
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

  /** Reports a gap to local listeners and, if own events were lost, to those of other buses. */
  resume(): void {
    void this.#local.publish(eventGapTopic, {});
    this.reportLosses();
  }

  /** Reports a gap to the listeners of other buses if own events were lost. */
  reportLosses(): void {
    if (!this.#hasFailed) return;
    this.#hasFailed = false;
    this.#send(eventGapTopic, {}).catch(() => {});
  }

  async #send(topic: string, event: JSONObject): Promise<void> {
    this.#sent += 1;
    try {
      await this.#options.send(encodeEvent(this.#sender, this.#sent, { topic, event }));
      this.reportLosses();
    } catch (error) {
      this.#hasFailed = true;
      this.#options.onError(error);
      throw error;
    }
  }
}

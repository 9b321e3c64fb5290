/** Notifications that wait to be read. */
import { canonicalJSON } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";

/**
 * A queue of notifications with one reader. A change that waits already is not queued again: the
 * reader will look at the latest state anyway. What exceeds the bound drops the oldest.
 */
export class NotificationQueue {
  readonly #waiting = new Map<string, JSONRPCNotification>();
  readonly #maxLength: number;
  readonly #onDrop: () => void;
  #sleeping: (() => void)[] = [];
  #end: { readonly error?: unknown } | undefined;

  constructor(maxLength: number, onDrop: () => void) {
    this.#maxLength = maxLength;
    this.#onDrop = onDrop;
  }

  push(notification: JSONRPCNotification): void {
    if (this.#end !== undefined) return;
    const { _meta, ...params } = notification.params ?? {};
    this.#waiting.set(canonicalJSON([notification.method, params]), notification);
    if (this.#waiting.size > this.#maxLength) {
      this.#waiting.delete(this.#waiting.keys().next().value as string);
      this.#onDrop();
    }
    this.#wake();
  }

  /** Ends the queue after what still waits: with an error, or without. */
  end(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    this.#wake();
  }

  async next(): Promise<IteratorResult<JSONRPCNotification, undefined>> {
    for (;;) {
      const [first] = this.#waiting;
      if (first !== undefined) {
        this.#waiting.delete(first[0]);
        return { done: false, value: first[1] };
      }
      if (this.#end !== undefined) {
        const { error } = this.#end;
        this.#end = {};
        if (error !== undefined) throw error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => this.#sleeping.push(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#sleeping.splice(0)) wake();
  }
}

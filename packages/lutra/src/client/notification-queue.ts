/** The notifications of one subscription, in the order in which its reader gets them. */
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { createNotificationBuffer, type NotificationBuffer } from "./notification-buffer.ts";

/** The end of a queue: with an error, or without. */
export interface QueueEnd {
  readonly error?: unknown;
}

/** A queue of notifications with one reader. */
export class NotificationQueue {
  readonly #buffer: NotificationBuffer;
  #wakeUps: (() => void)[] = [];
  #end: QueueEnd | undefined;

  /** @param onDrop called for each notification that is dropped because the reader is too slow */
  constructor(onDrop: () => void) {
    this.#buffer = createNotificationBuffer(onDrop);
  }

  push(notification: JSONRPCNotification): void {
    if (this.#end !== undefined) return;
    this.#buffer.push(notification);
    this.#wake();
  }

  /** Ends the queue after the notifications that still wait. Later calls have no effect. */
  end(end: QueueEnd): void {
    this.#end ??= end;
    this.#wake();
  }

  async next(): Promise<IteratorResult<JSONRPCNotification, undefined>> {
    for (;;) {
      const value = this.#buffer.take();
      if (value !== undefined) return { done: false, value };
      if (this.#end !== undefined) {
        const { error } = this.#end;
        this.#end = {};
        if (error !== undefined) throw error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => this.#wakeUps.push(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#wakeUps.splice(0)) wake();
  }
}

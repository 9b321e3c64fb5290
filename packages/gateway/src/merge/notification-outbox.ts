/** Notifications for a client, sent no faster than it takes them. */
import { createNotificationBuffer, type NotificationBuffer } from "lutra/internal";
import type { JSONRPCNotification, RequestContext } from "lutra/protocol";

type Phase = "unopened" | "idle" | "sending" | "closed";

/** Sends one notification at a time. A change that is still waiting is not sent twice. */
export class NotificationOutbox {
  readonly #notify: RequestContext["notify"];
  readonly #buffer: NotificationBuffer;
  /** Nothing is sent before the first notification, which opens the stream. */
  #phase: Phase = "unopened";

  constructor(notify: RequestContext["notify"], onWarning: (message: string) => void) {
    this.#notify = notify;
    this.#buffer = createNotificationBuffer(() =>
      onWarning("subscription: the client is too slow, a notification is dropped"),
    );
  }

  /** Sends the notification that must be the first, and then those that wait. */
  open(first: JSONRPCNotification): void {
    void this.#send(first);
  }

  push(notification: JSONRPCNotification): void {
    if (this.#phase === "closed") return;
    this.#buffer.push(notification);
    if (this.#phase === "idle") void this.#send(this.#buffer.take());
  }

  close(): void {
    this.#phase = "closed";
    this.#buffer.clear();
  }

  async #send(first: JSONRPCNotification | undefined): Promise<void> {
    this.#phase = "sending";
    try {
      for (let next = first; next !== undefined; next = this.#buffer.take()) {
        const taken = this.#notify(next);
        if (taken !== undefined) await taken;
      }
    } catch {
      // The transport has closed the stream, and aborts the request.
      this.close();
    }
    if (this.#phase === "sending") this.#phase = "idle";
  }
}

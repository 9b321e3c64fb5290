/** Notifications on their way to a client, no faster than it takes them. */
import { canonicalJSON, type JSONRPCNotification, type RequestContext } from "lutra/protocol";

/** How many notifications wait for one client. */
const maxWaiting = 1000;

/**
 * Sends one notification at a time. A change that waits already is not sent twice: the client will
 * look at the latest state anyway. What exceeds the bound drops the oldest.
 */
export class NotificationOutbox {
  readonly #notify: RequestContext["notify"];
  readonly #onWarning: (message: string) => void;
  readonly #waiting = new Map<string, JSONRPCNotification>();
  /** Nothing is sent before the first notification, which opens the stream. */
  #isHeld = true;
  #isSending = false;
  #isClosed = false;

  constructor(notify: RequestContext["notify"], onWarning: (message: string) => void) {
    this.#notify = notify;
    this.#onWarning = onWarning;
  }

  /** Sends the notification that must be the first, and then what waits. */
  open(first: JSONRPCNotification): void {
    this.#isHeld = false;
    void this.#send(first);
  }

  push(notification: JSONRPCNotification): void {
    if (this.#isClosed) return;
    const { _meta, ...params } = notification.params ?? {};
    this.#waiting.set(canonicalJSON([notification.method, params]), notification);
    if (this.#waiting.size > maxWaiting) {
      this.#waiting.delete(this.#waiting.keys().next().value as string);
      this.#onWarning("subscription: the client is too slow, a notification is dropped");
    }
    if (!this.#isHeld && !this.#isSending) void this.#send();
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.clear();
  }

  async #send(first?: JSONRPCNotification): Promise<void> {
    this.#isSending = true;
    try {
      for (let next = first ?? this.#take(); next !== undefined; next = this.#take()) {
        const taken = this.#notify(next);
        if (taken !== undefined) await taken;
      }
    } catch {
      // The transport has given the client up, and aborts the request.
      this.close();
    } finally {
      this.#isSending = false;
    }
  }

  #take(): JSONRPCNotification | undefined {
    const [first] = this.#waiting;
    if (first !== undefined) this.#waiting.delete(first[0]);
    return first?.[1];
  }
}

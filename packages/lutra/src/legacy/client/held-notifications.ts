/** Notifications of a call that arrive while no request of its caller waits for them. */
import { sizeOfJSON } from "../../protocol/json.ts";
import type { JSONRPCNotification } from "../../protocol/json-rpc.ts";

/** Maximum number of notifications that are kept for one call. */
const maxHeld = 100;
/** Maximum size of these notifications, in bytes. */
const maxHeldBytes = 65_536;

interface Held {
  readonly notification: JSONRPCNotification;
  readonly bytes: number;
}

/** Keeps the latest notifications, within the limits. */
export class HeldNotifications {
  #held: Held[] = [];
  #bytes = 0;

  add(notification: JSONRPCNotification): void {
    const bytes = sizeOfJSON(notification, maxHeldBytes);
    this.#held.push({ notification, bytes });
    this.#bytes += bytes;
    while (this.#held.length > maxHeld || this.#bytes > maxHeldBytes) {
      this.#bytes -= (this.#held.shift() as Held).bytes;
    }
  }

  /** Returns the notifications in the order of their arrival, and keeps none of them. */
  take(): readonly JSONRPCNotification[] {
    const held = this.#held;
    this.#held = [];
    this.#bytes = 0;
    return held.map(({ notification }) => notification);
  }
}

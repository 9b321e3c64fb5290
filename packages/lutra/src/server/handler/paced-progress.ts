import type { RequestContext } from "../../protocol/exchange.ts";
import type { JSONRPCNotification } from "../../protocol/json-rpc.ts";

/**
 * Sends the progress of one request at the speed of its client. While the client has to catch up, only
 * the latest progress waits: a handler that does not await its reports neither fills the memory nor
 * loses its client.
 *
 * @spec basic/patterns/progress#implementation-notes
 */
export class PacedProgress {
  readonly #context: Pick<RequestContext, "notify">;
  readonly #isWanted: () => boolean;
  #sending: Promise<void> | undefined;
  #latest: JSONRPCNotification | undefined;

  /** @param isWanted Returns false when progress that waits is dropped */
  constructor(context: Pick<RequestContext, "notify">, isWanted: () => boolean) {
    this.#context = context;
    this.#isWanted = isWanted;
  }

  /** Sends or replaces the latest progress. A promise resolves when the client has caught up. */
  send(notification: JSONRPCNotification): void | Promise<void> {
    if (this.#sending !== undefined) {
      this.#latest = notification;
      return this.#sending;
    }
    const caughtUp = this.#context.notify(notification);
    if (caughtUp !== undefined) this.#sending = this.#sendLatest(caughtUp);
    return this.#sending;
  }

  async #sendLatest(caughtUp: Promise<void>): Promise<void> {
    try {
      await caughtUp;
      while (this.#latest !== undefined && this.#isWanted()) {
        const latest = this.#latest;
        this.#latest = undefined;
        await this.#context.notify(latest);
      }
    } finally {
      this.#sending = undefined;
    }
  }
}

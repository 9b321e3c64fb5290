/**
 * The requests of legacy sessions that this replica serves, so that a client can cancel them with a
 * notification that arrives at any replica.
 *
 * @spec 2025-11-25/basic/utilities/cancellation
 */
import { isRequestId, type RequestId } from "../protocol/json-rpc.ts";
import { TransportError } from "../protocol/transport-error.ts";
import type { Channel } from "./channel.ts";

export class OpenCalls {
  readonly #channel: Channel;
  readonly #sessions = new Map<string, Map<RequestId, AbortController>>();

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.on("cancel", ({ key, id }) => {
      if (typeof key === "string" && isRequestId(id)) this.#abort(key, id);
    });
  }

  /** Registers a request. Returns the function that removes it. */
  open(key: string, id: RequestId, controller: AbortController): () => void {
    const calls = this.#sessions.get(key) ?? new Map<RequestId, AbortController>();
    this.#sessions.set(key, calls);
    calls.set(id, controller);
    return () => {
      if (calls.get(id) === controller) calls.delete(id);
      if (calls.size === 0 && this.#sessions.get(key) === calls) this.#sessions.delete(key);
    };
  }

  /** Returns true while requests of a session run here. */
  has(key: string): boolean {
    return this.#sessions.has(key);
  }

  /** The sessions with requests that run here. */
  keys(): IterableIterator<string> {
    return this.#sessions.keys();
  }

  /** Cancels a request, at whichever replica it runs. */
  cancel(key: string, id: RequestId): void {
    if (this.#abort(key, id)) return;
    void this.#channel.send("cancel", { key, id });
  }

  /** Aborts all requests of a session that has ended. */
  endSession(key: string): void {
    for (const controller of this.#sessions.get(key)?.values() ?? []) {
      controller.abort(new TransportError("aborted", "The session has ended"));
    }
  }

  #abort(key: string, id: RequestId): boolean {
    const controller = this.#sessions.get(key)?.get(id);
    controller?.abort(new TransportError("aborted", "The client cancelled the request"));
    return controller !== undefined;
  }
}

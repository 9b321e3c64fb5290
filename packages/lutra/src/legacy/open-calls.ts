/**
 * The requests of legacy sessions that this replica serves, so that a client can cancel them with a
 * notification that arrives at any replica.
 *
 * @spec 2025-11-25/basic/utilities/cancellation
 */
import { isRequestId, type RequestId } from "../protocol/json-rpc.ts";
import { OpenMap } from "../protocol/open-entries.ts";
import { TransportError } from "../protocol/transport-error.ts";
import type { Channel } from "./channel.ts";

/** A request that can be cancelled. */
export type Cancellable = Pick<AbortController, "abort">;

/** Maximum number of cancellations that are sent again to other replicas. Further ones are sent once. */
const maxRelayed = 1000;
/** Time on a working bus after which a call that is cancelled has ended, in milliseconds. */
const takeMs = 3000;

export class OpenCalls {
  readonly #channel: Channel;
  #relayed = 0;
  readonly #sessions = new OpenMap<string, OpenMap<RequestId, Cancellable>>();

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.take("cancel", ({ key, id }) => {
      const isTaken = typeof key === "string" && isRequestId(id) && this.#abort(key, id);
      return isTaken ? {} : undefined;
    });
  }

  /** Registers a request, until it is closed. */
  open(key: string, id: RequestId, request: Cancellable): void {
    const calls = this.#sessions.get(key);
    if (calls !== undefined) calls.set(id, request);
    else {
      const first = new OpenMap<RequestId, Cancellable>();
      first.set(id, request);
      this.#sessions.set(key, first);
    }
  }

  /** Removes a request, unless another one with its id has replaced it. */
  close(key: string, id: RequestId, request: Cancellable): void {
    const calls = this.#sessions.get(key);
    if (calls?.get(id) === request) calls.delete(id);
    if (calls?.size === 0) this.#sessions.delete(key);
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
    const patienceMs = this.#relayed < maxRelayed ? takeMs : 0;
    this.#relayed += 1;
    void this.#channel.deliver("cancel", { key, id }, patienceMs).then(() => {
      this.#relayed -= 1;
    });
  }

  /** Aborts all requests of a session that has ended. */
  endSession(key: string): void {
    for (const request of this.#sessions.get(key)?.values() ?? []) {
      request.abort(new TransportError("aborted", "The session has ended"));
    }
  }

  #abort(key: string, id: RequestId): boolean {
    const request = this.#sessions.get(key)?.get(id);
    request?.abort(new TransportError("aborted", "The client cancelled the request"));
    return request !== undefined;
  }
}

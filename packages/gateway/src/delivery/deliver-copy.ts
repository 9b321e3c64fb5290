/** Delivers copies of requests to an upstream whose responses are discarded. */

import type { Principal } from "lutra/protocol";
import type { Head } from "../head/head.ts";
import type { Replica } from "../replicas/replica.ts";
import type { WireHandler } from "../wire/handler.ts";
import type { Timed } from "./deadlines.ts";
import type { Fleet } from "./fleet.ts";
import { maxKeptBytes } from "./request-body.ts";
import type { RequestHeaders } from "./stream-headers.ts";
import { phaseError } from "./upstream-error.ts";

/** A copy of a request, for an upstream whose response is discarded. */
export interface RequestCopy {
  readonly head: Head;
  readonly body: Uint8Array | null;
  readonly principal: Principal | undefined;
}

/** Maximum number of copies in flight at one upstream; more are dropped. */
const maxCopies = 64;

/** Sends a copy. Calls `onEnd` once, when the response has been read or the copy has failed. */
export type SendCopy<C> = (copy: C, onEnd: () => void) => void;

/** Limits the copies in flight. They have their own limit and do not use the upstream's slots. */
export function limitCopies<C>(send: SendCopy<C>): (copy: C) => void {
  let inFlight = 0;
  return (copy) => {
    if (inFlight >= maxCopies) return;
    inFlight += 1;
    send(copy, () => {
      inFlight -= 1;
    });
  };
}

/**
 * Returns a function that sends copies, with further headers. Drops large bodies and requests of long-lived methods.
 */
export function createCopyDelivery(
  fleet: Fleet,
  requestHeaders: RequestHeaders,
): (copy: RequestCopy, added?: readonly string[]) => void {
  const send = limitCopies<PreparedCopy>(({ replica, headers, body }, onEnd) => {
    const carrier = new CopyCarrier(replica, fleet, onEnd);
    replica.pool.dispatch({ path: replica.path, method: "POST", headers, body }, carrier);
  });
  return ({ head, body, principal }, added = []) => {
    if (body !== null && body.length > maxKeptBytes) return;
    if (fleet.methods.get(head.method ?? "")?.longLived) return;
    const replica = fleet.replicas.pick([]);
    if (replica === undefined) return;
    try {
      const headers = [...withoutLength(requestHeaders(head.headers, principal)), ...added];
      send({ replica, headers, body });
    } catch {
      // A principal that does not fit into a header fails the request itself, where it is reported.
    }
  };
}

interface PreparedCopy extends Pick<RequestCopy, "body"> {
  readonly replica: Replica;
  readonly headers: string[];
}

/** Removes `Content-Length`: the body, which may have arrived in chunks, is sent in one piece. */
function withoutLength(headers: readonly string[]): string[] {
  return headers.filter((_text, index) => {
    const name = headers[index - (index % 2)] as string;
    return name.toLowerCase() !== "content-length";
  });
}

/** Reads a response to its end and discards it, so that the connection can be reused. */
class CopyCarrier implements WireHandler, Timed {
  dueAt = Number.POSITIVE_INFINITY;
  watched: Timed["watched"] = undefined;
  readonly #replica: Replica;
  readonly #fleet: Fleet;
  readonly #onEnd: () => void;
  #abort: ((error: Error) => void) | undefined;

  constructor(replica: Replica, fleet: Fleet, onEnd: () => void) {
    this.#replica = replica;
    this.#fleet = fleet;
    this.#onEnd = onEnd;
    replica.inFlight += 1;
  }

  /** Sets one time limit for the whole exchange, because a late response has no use here. */
  onConnect(abort: (error: Error) => void): void {
    const { deadlines, timeouts } = this.#fleet;
    this.#abort = abort;
    deadlines.add(this);
    this.dueAt = deadlines.in(Math.min(timeouts.firstByteMs, timeouts.totalMs));
  }

  onHeaders(): boolean {
    this.#replica.health.succeed();
    return true;
  }

  onData(): boolean {
    return true;
  }

  onComplete(): void {
    this.#end();
  }

  onError(): void {
    this.#end();
  }

  onDue(): void {
    this.#abort?.(phaseError("total"));
  }

  #end(): void {
    this.#replica.inFlight -= 1;
    this.#fleet.deadlines.delete(this);
    this.#onEnd();
  }
}

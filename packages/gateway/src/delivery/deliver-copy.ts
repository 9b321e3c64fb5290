/** Copies of requests, sent to an upstream whose answers are dropped. */
import type { Dispatcher } from "undici";
import type { Replica } from "../replicas/replica.ts";
import type { Timed } from "./deadlines.ts";
import type { ForwardPath } from "./deliver-stream.ts";
import type { RequestCopy } from "./forward.ts";
import { maxKeptBytes } from "./request-body.ts";
import { phaseError } from "./time-limits.ts";

/** The most copies under way at one upstream; more are dropped. */
const maxCopies = 64;

/** Makes what sends copies. They have a bound of their own and take nobody's place. */
export function createCopies(path: ForwardPath): (copy: RequestCopy) => void {
  const { fleet, requestHeaders } = path;
  let underWay = 0;
  return ({ head, body }) => {
    if (underWay >= maxCopies || (body !== null && body.length > maxKeptBytes)) return;
    if (fleet.rules.isLongLived(head.method)) return;
    const replica = fleet.replicas.pick([]);
    if (replica === undefined) return;
    underWay += 1;
    const copy = new CopySending(replica, path, () => {
      underWay -= 1;
    });
    const headers = withoutLength(requestHeaders(head.headers));
    replica.pool.dispatch({ path: replica.path, method: "POST", headers, body }, copy);
  };
}

/** The body may have come in chunks, and is one piece now. */
function withoutLength(headers: readonly string[]): string[] {
  return headers.filter((_text, index) => {
    const name = headers[index - (index % 2)] as string;
    return name.toLowerCase() !== "content-length";
  });
}

/** Reads an answer to its end, so that the connection can be used again, and keeps nothing of it. */
class CopySending implements Dispatcher.DispatchHandler, Timed {
  dueAt = Number.POSITIVE_INFINITY;
  readonly #replica: Replica;
  readonly #path: ForwardPath;
  readonly #onEnd: () => void;
  #abort: ((error: Error) => void) | undefined;

  constructor(replica: Replica, path: ForwardPath, onEnd: () => void) {
    this.#replica = replica;
    this.#path = path;
    this.#onEnd = onEnd;
    replica.inFlight += 1;
    path.fleet.deadlines.add(this);
  }

  onConnect(abort: (error?: Error) => void): void {
    const { deadlines, timeouts } = this.#path.fleet;
    this.#abort = abort;
    // One limit for all of it: an answer that is slow to end is of no use here.
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
    this.#path.fleet.deadlines.delete(this);
    this.#onEnd();
  }
}

/**
 * The notifications of one legacy request. A handler that asks for input runs again from its start
 * with each answer, and repeats its notifications; the client, for which this is one request, gets
 * each of them once.
 *
 * @spec 2025-11-25/basic/utilities/progress#behavior-requirements
 */
import type { RequestContext } from "../protocol/exchange.ts";
import { encodeJSON } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { progressMethod } from "../protocol/progress.ts";

/** Maximum number of notifications that are compared with those of the next execution. */
const maxCompared = 1000;
/** Maximum length of these notifications, in characters. */
const maxComparedLength = 1_048_576;

export class SentOnce {
  readonly #notify: RequestContext["notify"];
  readonly #sent: string[] = [];
  #sentLength = 0;
  /** The number of notifications of this execution that were sent before. */
  #position = 0;
  #progress = Number.NEGATIVE_INFINITY;

  constructor(notify: RequestContext["notify"]) {
    this.#notify = notify;
  }

  /** Sends a notification, unless an earlier execution has sent it at this place. */
  notify(notification: JSONRPCNotification): void | Promise<void> {
    const isNew =
      notification.method === progressMethod
        ? this.#isAhead(notification)
        : this.#isFirst(encodeJSON(notification));
    return isNew ? this.#notify(notification) : undefined;
  }

  /** Begins another execution. */
  replay(): void {
    this.#position = 0;
  }

  /** Progress must increase, also where the executions differ. */
  #isAhead({ params }: JSONRPCNotification): boolean {
    const progress = params?.progress;
    if (typeof progress !== "number" || progress <= this.#progress) return false;
    this.#progress = progress;
    return true;
  }

  #isFirst(json: string): boolean {
    const isRepeated = this.#sent[this.#position] === json;
    if (!isRepeated) this.#remember(json);
    this.#position += 1;
    return !isRepeated;
  }

  #remember(json: string): void {
    // The executions differ from here on.
    for (const dropped of this.#sent.splice(this.#position)) this.#sentLength -= dropped.length;
    const length = this.#sentLength + json.length;
    const isNext = this.#position === this.#sent.length;
    if (!isNext || this.#sent.length >= maxCompared || length > maxComparedLength) return;
    this.#sentLength = length;
    this.#sent.push(json);
  }
}

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
import { type NotificationPlace, placeOf } from "../server/handler/notification-place.ts";

/** Maximum number of notifications that are compared with those of the next execution. */
const maxCompared = 1000;
/** Maximum length of these notifications, in characters. */
const maxComparedLength = 1_048_576;

export class SentOnce {
  readonly #client: Pick<RequestContext, "notify">;
  #byPlace: SentByPlace | undefined;
  #byContent: SentByContent | undefined;
  #progress = Number.NEGATIVE_INFINITY;

  constructor(client: Pick<RequestContext, "notify">) {
    this.#client = client;
  }

  /** Sends a notification, unless an earlier execution has sent it at this place. */
  notify(notification: JSONRPCNotification): void | Promise<void> {
    return this.#isNew(notification) ? this.#client.notify(notification) : undefined;
  }

  /** Begins another execution. */
  replay(): void {
    this.#byPlace?.replay();
    this.#byContent?.replay();
  }

  #isNew(notification: JSONRPCNotification): boolean {
    if (notification.method === progressMethod) return this.#isAhead(notification);
    const place = placeOf(notification);
    if (place !== undefined) {
      this.#byPlace ??= new SentByPlace();
      return this.#byPlace.isFirst(place);
    }
    this.#byContent ??= new SentByContent();
    return this.#byContent.isFirst(encodeJSON(notification));
  }

  /** Progress must increase, also where the executions differ. */
  #isAhead({ params }: JSONRPCNotification): boolean {
    const progress = params?.progress;
    if (typeof progress !== "number" || progress <= this.#progress) return false;
    this.#progress = progress;
    return true;
  }
}

/** Recognises notifications by their places, and by their number at the same place. */
class SentByPlace {
  /** The number of notifications that were sent at each place. */
  readonly #sent = new Map<NotificationPlace, number>();
  /** The number of those of this execution. */
  readonly #seen = new Map<NotificationPlace, number>();

  isFirst(place: NotificationPlace): boolean {
    if (place === "new") return true;
    const count = (this.#seen.get(place) ?? 0) + 1;
    const sent = this.#sent.get(place);
    if (sent === undefined && this.#sent.size >= maxCompared) return true;
    this.#seen.set(place, count);
    if (sent !== undefined && count <= sent) return false;
    this.#sent.set(place, count);
    return true;
  }

  replay(): void {
    this.#seen.clear();
  }
}

/** Recognises the notifications of another process, whose places are unknown, by order and content. */
class SentByContent {
  readonly #sent: string[] = [];
  #sentLength = 0;
  /** The number of notifications of this execution that were sent before. */
  #position = 0;

  isFirst(json: string): boolean {
    const isRepeated = this.#sent[this.#position] === json;
    if (!isRepeated) this.#remember(json);
    this.#position += 1;
    return !isRepeated;
  }

  replay(): void {
    this.#position = 0;
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

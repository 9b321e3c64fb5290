/**
 * A subscription to one upstream that outlives its replicas: it is opened again when its stream
 * breaks or ends, for as long as someone wants it.
 *
 * @spec basic/patterns/subscriptions
 */
import { backoffMs, delay, type Pace, pauseBefore, unlessAborted } from "lutra/internal";
import {
  acknowledgedMethod,
  isObject,
  isProtocolError,
  type JSONRPCNotification,
  listen,
  type SubscriptionFilter,
  subscriptionIdOf,
  TransportError,
} from "lutra/protocol";
import type { Upstream } from "../upstreams/upstream.ts";
import { type Caller, ownContext, ownRequest } from "./own-request.ts";

export interface FollowOptions {
  /** How long an upstream may take to acknowledge, in milliseconds. @default 10000 */
  readonly acknowledgeMs?: number | undefined;
  /** The pace of opening a subscription again. @default from 200 milliseconds to 30 seconds */
  readonly pace?: Pace | undefined;
  readonly random?: (() => number) | undefined;
  readonly now?: (() => number) | undefined;
  readonly onWarning?: ((message: string, cause?: unknown) => void) | undefined;
}

export interface Following {
  readonly upstream: Upstream;
  /** On whose behalf; the request's own filter is not looked at. */
  readonly caller: Caller;
  readonly filter: SubscriptionFilter;
  /** Ends the subscription. */
  readonly signal: AbortSignal;
  readonly onAcknowledged: (filter: SubscriptionFilter) => void;
  readonly onNotification: (notification: JSONRPCNotification) => void;
  /** Hears of every end of a stream: of a graceful one, or of the error that broke it. */
  readonly onDown: (down: Down) => void;
}

export interface Down {
  /** Absent where the upstream ended the subscription itself. */
  readonly error?: unknown;
  /** How long the subscription was open, in milliseconds; 0 for one that was not acknowledged. */
  readonly lastedMs: number;
  /** Whether it is not opened again. */
  readonly isFinal: boolean;
}

const defaultPace: Pace = { baseMs: 200, maxMs: 30_000 };

/**
 * Follows the subscription until the signal aborts. Resolves early when the upstream refuses it for
 * a reason that no other attempt would change; `onDown` has heard it then.
 */
export async function followUpstream(following: Following, options: FollowOptions): Promise<void> {
  const { pace = defaultPace, random = Math.random, now = Date.now } = options;
  const { signal, onDown } = following;
  let attempt = 0;
  while (!signal.aborted) {
    let openedAt: number | undefined;
    let error: unknown;
    try {
      await listenOnce(following, options, () => {
        openedAt = now();
      });
    } catch (thrown) {
      error = thrown;
    }
    if (signal.aborted) return;
    const lastedMs = openedAt === undefined ? 0 : now() - openedAt;
    const isFinal = isRefusal(error);
    onDown({ lastedMs, isFinal, ...(error !== undefined && { error }) });
    if (isFinal) return;
    // A subscription that lasted starts the pace afresh.
    if (lastedMs > pace.maxMs) attempt = 0;
    const pauseMs = pauseBefore(error, backoffMs(attempt, random, pace));
    await delay(pauseMs, signal).catch(() => {});
    attempt += 1;
  }
}

/** Resolves when the upstream ends the subscription, and rejects when it ends otherwise. */
async function listenOnce(
  following: Following,
  { acknowledgeMs = 10_000, onWarning }: FollowOptions,
  onOpen: () => void,
): Promise<void> {
  const { upstream, caller, filter, signal } = following;
  const request = ownRequest(caller, listen.name, { notifications: filter });
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", onAbort);
  const tooLate = () => controller.abort(unacknowledged(acknowledgeMs));
  const timer = setTimeout(tooLate, acknowledgeMs);
  let isAcknowledged = false;

  const notify = (notification: JSONRPCNotification): void => {
    if (controller.signal.aborted) return;
    if (subscriptionIdOf(notification) !== request.id) {
      onWarning?.(`${upstream.name}: ${notification.method} is of no subscription, ignored`);
    } else if (isAcknowledged) {
      following.onNotification(notification);
    } else if (notification.method === acknowledgedMethod) {
      isAcknowledged = true;
      clearTimeout(timer);
      onOpen();
      const agreed = notification.params?.notifications;
      following.onAcknowledged(isObject(agreed) ? agreed : {});
    } else {
      controller.abort(new TransportError("malformed", "A notification came before its time"));
    }
  };

  try {
    const context = { ...ownContext(caller, listen.name, controller.signal), notify };
    await unlessAborted(upstream.serve(request, context), controller.signal);
    if (!isAcknowledged) throw new TransportError("malformed", "It ended unacknowledged");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    controller.abort();
  }
}

/** What an upstream says of the request itself, it will say again. */
function isRefusal(error: unknown): boolean {
  return isProtocolError(error) && error.reason !== "internalError";
}

function unacknowledged(ms: number): TransportError {
  return new TransportError("timeout", `No acknowledgment within ${ms} milliseconds`);
}

/**
 * The standalone stream of a session, on which its client receives changes.
 *
 * @spec 2025-11-25/basic/transports#listening-for-messages-from-the-server
 */
import { encodeJSON } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { randomId } from "../server/random-id.ts";
import type { LegacyExchange } from "../transport/http/legacy-hook.ts";
import { keepAliveComment } from "../transport/http/rules.ts";
import { contextOf } from "./call-context.ts";
import type { LegacyServer } from "./legacy-server.ts";
import { has } from "./revisions.ts";
import type { Session } from "./session.ts";

/** The start of the ids of events on standalone streams. */
const feedPrefix = "changes.";

/** Returns true for the id of an event on a standalone stream. */
export function isFeedEvent(lastEventId: string): boolean {
  return lastEventId.startsWith(feedPrefix);
}

/**
 * Opens the stream of a session.
 *
 * @param isResumed True when the client had a stream before, and may have missed changes
 */
export async function openHttpFeed(
  server: LegacyServer,
  { session, exchange }: { readonly session: Session; readonly exchange: LegacyExchange },
  isResumed: boolean,
): Promise<void> {
  const feedId = `${feedPrefix}${randomId(9)}`;
  let count = 0;
  let isClosed = false;
  let close: () => void = () => {};
  const sink = exchange.stream(() => {
    isClosed = true;
    close();
  });
  const send = (notification: JSONRPCNotification) => {
    count += 1;
    return sink.write(
      `id: ${feedId}.${count}\nevent: message\ndata: ${encodeJSON(notification)}\n\n`,
    );
  };
  // Proxies may keep the head until there is a body, and clients wait for the head.
  const isPrimed = has(session.version, "primedStreams");
  void sink.write(isPrimed ? `id: ${feedId}.0\ndata: \n\n` : keepAliveComment);
  const context = contextOf(exchange);
  try {
    close = await server.feed(session, { context, send, onEnd: sink.end, isResumed });
  } catch (thrown) {
    sink.end();
    server.report(thrown);
  }
  // The client may have left while the changes of the session were read.
  if (isClosed) close();
}

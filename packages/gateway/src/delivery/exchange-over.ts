/** One attempt over a transport that does not report its progress itself. */
import { isTransportError, type RequestContext, type Result } from "lutra/protocol";
import type { Message, MessageExchange } from "./deliver-message.ts";
import type { Recipient } from "./fleet.ts";
import { phaseError } from "./upstream-error.ts";

/**
 * Answers the request of a message. Calls `sending` right before the request is sent; a failure
 * before that shows that no server has received it.
 */
type Attempt = (context: RequestContext, sending: () => void) => Promise<Result>;

/** Runs an attempt. The first notification or the response counts as the head of the answer. */
export function exchangeOver<R extends Recipient>(
  { context, delivery }: Message<R>,
  attempt: Attempt,
): MessageExchange {
  const controller = new AbortController();
  const { signal } = controller;
  const own: RequestContext = {
    ...context,
    signal,
    notify: (notification) => {
      if (delivery.stage === "sent") delivery.answered();
      else delivery.waitFor("idle");
      return context.notify(notification);
    },
  };
  const sending = (): void => {
    if (!delivery.connected()) throw phaseError("connect");
  };
  const run = async () => {
    try {
      const result = await attempt(own, sending);
      delivery.answered();
      return result;
    } catch (error) {
      if (!isTransportError(error)) delivery.answered();
      throw error;
    } finally {
      delivery.released();
    }
  };
  return { result: run(), abort: (error) => controller.abort(error) };
}

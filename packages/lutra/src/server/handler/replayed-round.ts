/**
 * The execution of a handler that may ask its client for input, and runs again with the answers.
 *
 * @spec basic/patterns/mrtr#basic-workflow
 */
import { requireCapabilities } from "../../protocol/capabilities.ts";
import { chainCall } from "../../protocol/chain.ts";
import { isProtocolError } from "../../protocol/errors.ts";
import { InputRequired } from "../results.ts";
import { capabilitiesToSend, checkedRequest } from "./input-kinds.ts";
import { ReplayContext } from "./replay-context.ts";
import { type Execute, type Handler, InputNeeded, type RoundEnd, type RoundInit } from "./round.ts";

/**
 * Input requests without a response when the handler ends take precedence over its value and over its
 * errors, except for a protocol error that the handler itself throws.
 */
export const executeWithReplay: Execute = <T>(
  init: RoundInit,
  handler: Handler<T>,
): RoundEnd<T> | Promise<RoundEnd<T>> => {
  const context = new ReplayContext(init);
  return chainCall<T | InputRequired, RoundEnd<T>>(
    () => handler(context),
    (value) => endReturned(context, value),
    (error) => endFailed(context, error),
  );
};

function endReturned<T>(
  context: ReplayContext,
  value: T | InputRequired,
): RoundEnd<T> | Promise<RoundEnd<T>> {
  context.done();
  if (context.isPaused) return pause(context);
  if (value instanceof InputRequired) return askByHand(context, value);
  context.requireEnded();
  if (context.mistake !== undefined) throw context.mistake;
  return value;
}

async function endFailed(context: ReplayContext, error: unknown): Promise<InputNeeded> {
  context.done();
  if (context.mistake !== undefined) throw context.mistake;
  const takesPrecedence = isProtocolError(error) && !error.peer;
  if (!context.isPaused || takesPrecedence) throw error;
  return pause(context);
}

/** Ends a round whose handler waits for input or sleeps. */
async function pause(context: ReplayContext): Promise<InputNeeded> {
  await context.settle();
  if (context.mistake !== undefined) throw context.mistake;
  return new InputNeeded(context.pending ?? {}, context.memory, context.wakeAt);
}

/** Checks the input requests of the explicit form. The client must have declared every kind. */
async function askByHand(
  context: ReplayContext,
  { init: { inputRequests = {}, state } }: InputRequired,
): Promise<InputNeeded> {
  const requests = Object.entries(inputRequests);
  if (requests.length === 0 && state === undefined) {
    throw new TypeError("inputRequired: expected inputRequests or a state");
  }
  const checked = requests.map(([name, request]) => [name, checkedRequest(request)] as const);
  for (const [, request] of checked) {
    requireCapabilities(capabilitiesToSend(request), context.capabilities);
  }
  await context.settle();
  // The next round continues from the state, not from the start, so it has no history to follow.
  const memory = { ...context.memory, history: undefined, state };
  return new InputNeeded(Object.fromEntries(checked), memory);
}

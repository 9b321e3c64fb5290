/**
 * A round: one execution of a handler within an exchange. It ends with the handler's value or with
 * the input requests that the client must answer before the next round.
 *
 * @spec basic/patterns/mrtr#basic-workflow
 */
import { requireCapabilities } from "../../protocol/capabilities.ts";
import { chain, chainCall } from "../../protocol/chain.ts";
import { isProtocolError } from "../../protocol/errors.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import type { InputRequests, InputRequiredResult } from "../../protocol/input-required.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import type { HandleStore } from "../../stores/handle-store.ts";
import { InputRequired } from "../results.ts";
import type { HandlerContext } from "./handler-context.ts";
import { capabilitiesToSend, checkedRequest } from "./input-kinds.ts";
import { ReplayContext, type RoundInit } from "./replay-context.ts";
import type { InputMemory, RequestStates } from "./request-state.ts";
import type { RoundSettings } from "./round-state.ts";

/** A request, and what the server provides for the round that answers it. */
export interface Round {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly states: RequestStates;
  /** The store for the values of handles. */
  readonly handles: HandleStore;
  readonly settings: RoundSettings;
}

export type Handler<T> = (
  context: HandlerContext,
) => T | InputRequired | Promise<T | InputRequired>;

/** The end of a round whose handler requires input that is not available yet, or sleeps. */
export class InputNeeded {
  /** The input requests without a response. */
  readonly pending: InputRequests;
  /** The memory for the next round. */
  readonly memory: InputMemory;
  /** The time of the next round, in milliseconds since 1970, when the handler only sleeps. */
  readonly wakeAt: number | undefined;

  constructor(pending: InputRequests, memory: InputMemory, wakeAt?: number) {
    this.pending = pending;
    this.memory = memory;
    this.wakeAt = wakeAt;
  }
}

/** The end of a round: the handler's value, or what it waits for. */
export type RoundEnd<T> = T | InputNeeded;

/**
 * Runs the round that a request starts, with the memory in its request state.
 *
 * @param singleUse True when each request state is accepted only once
 */
export function runInRequest<T>(
  round: Round,
  singleUse: boolean,
  handler: Handler<T>,
): RoundEnd<T> | Promise<RoundEnd<T>> {
  const { request, context, handles, settings } = round;
  return chain(recall(round, singleUse), (memory) =>
    runRound({ request, context, memory, handles, settings }, handler),
  );
}

/** Returns the memory of the exchange at the start of this round. */
export function recall(
  { request, context, states }: Round,
  singleUse: boolean,
): InputMemory | Promise<InputMemory> {
  return request.params?.requestState === undefined
    ? states.start(request, singleUse)
    : states.open(request, context, singleUse);
}

/** Creates the `input_required` result with these input requests. */
export function askClient(
  { request, context, states }: Round,
  needed: InputNeeded,
): Promise<InputRequiredResult> {
  return states.seal(request, context, needed);
}

/**
 * Runs a handler once. Input requests without a response when the handler ends take precedence over its
 * value and over its errors, except for a protocol error that the handler itself throws. Never throws
 * synchronously.
 */
export function runRound<T>(
  init: RoundInit,
  handler: Handler<T>,
): RoundEnd<T> | Promise<RoundEnd<T>> {
  const observe = init.settings.observer?.round;
  if (observe === undefined) return execute(init, handler);
  const { request, memory, isDetached = false } = init;
  const round = { request, isDetached, firstTrace: memory.firstTrace };
  return observe(round, () => execute(init, handler));
}

function execute<T>(init: RoundInit, handler: Handler<T>): RoundEnd<T> | Promise<RoundEnd<T>> {
  const context = new ReplayContext(init);
  return chainCall<T | InputRequired, RoundEnd<T>>(
    () => handler(context),
    (value) => endReturned(context, value),
    (error) => endFailed(context, error),
  );
}

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

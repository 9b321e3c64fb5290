/**
 * A round: one execution of a handler within an exchange. It ends with the handler's value or with
 * the input requests that the client must answer before the next round.
 *
 * @spec basic/patterns/mrtr#basic-workflow
 */
import { chain } from "../../protocol/chain.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import type { InputRequests, InputRequiredResult } from "../../protocol/input-required.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import type { HandleStore } from "../../stores/handle-store.ts";
import type { InputRequired } from "../results.ts";
import type { HandlerContext } from "./handler-context.ts";
import { isActive } from "./observer.ts";
import type { InputMemory, RequestStates } from "./request-state.ts";
import type { RoundSettings } from "./round-state.ts";
import type { StepLog } from "./step-log.ts";

/** Settings of the handlers of a server. */
export interface HandlerSettings extends RoundSettings {
  /** Executes the handler of a round. */
  readonly execute: Execute;
}

/** A request, and what the server provides for the round that answers it. */
export interface Round {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly states: RequestStates;
  /** The store for the values of handles. */
  readonly handles: HandleStore;
  readonly settings: HandlerSettings;
}

/** The request of a round, and the memory that it starts with. */
export interface RoundInit {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly memory: InputMemory;
  readonly handles: HandleStore;
  readonly settings: HandlerSettings;
  readonly stepLog?: StepLog | undefined;
  /** True for a round outside of the request that started its exchange. @default false */
  readonly isDetached?: boolean;
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

/** Executes a handler once. Never throws synchronously. */
export type Execute = <T>(
  init: RoundInit,
  handler: Handler<T>,
) => RoundEnd<T> | Promise<RoundEnd<T>>;

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

/** Runs a handler once, in the way of its server. Never throws synchronously. */
export function runRound<T>(
  init: RoundInit,
  handler: Handler<T>,
): RoundEnd<T> | Promise<RoundEnd<T>> {
  const { observer, execute } = init.settings;
  const observe = observer?.round;
  if (observe === undefined || !isActive(observer)) return execute(init, handler);
  const { request, memory, isDetached = false } = init;
  const round = { request, isDetached, firstTrace: memory.firstTrace };
  return observe(round, () => execute(init, handler));
}

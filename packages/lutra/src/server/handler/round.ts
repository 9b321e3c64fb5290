/**
 * Runs a handler for one round of an exchange: opens what the client brought back, and turns
 * questions without an answer into an `input_required` result.
 *
 * @spec basic/patterns/mrtr#basic-workflow
 */
import { requireCapabilities } from "../../protocol/capabilities.ts";
import { isProtocolError } from "../../protocol/errors.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import type { InputRequests } from "../../protocol/input-required.ts";
import { capabilityFor } from "../../protocol/input-required.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import type { HandleStore } from "../../stores/handle-store.ts";
import { InputRequired } from "../results.ts";
import { checkedRequest } from "./elicitation.ts";
import type { HandlerContext } from "./handler-context.ts";
import type { Run } from "./replay-context.ts";
import { HandlerRun } from "./replay-context.ts";
import type { InputMemory, InputState } from "./request-state.ts";

export interface Round {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly inputs: InputState;
  /** Where the values of handles live. */
  readonly handles: HandleStore;
}

/** What is the same for every run of one definition's handler. */
export interface Ending<T> {
  /** Whether the request state of an exchange may be used only once. */
  readonly singleUse: boolean;
  /** Makes the result of what the handler returned. */
  readonly finish: (value: T) => Result | Promise<Result>;
  /** Makes the result of what the handler threw, or throws it again. */
  readonly recover?: (error: unknown) => Result;
}

export type Handler<T> = (
  context: HandlerContext,
) => T | InputRequired | Promise<T | InputRequired>;

/** How a run ends that has asked what nobody has answered yet. */
export class Unanswered {
  readonly pending: InputRequests;
  /** What the next run is to know. */
  readonly memory: InputMemory;

  constructor(pending: InputRequests, memory: InputMemory) {
    this.pending = pending;
    this.memory = memory;
  }
}

/**
 * Runs `handler` for one round of an exchange, and makes the result that the client gets: at once,
 * where the handler waits for nothing.
 */
export function runHandler<T>(
  round: Round,
  handler: Handler<T>,
  ending: Ending<T>,
): Result | Promise<Result> {
  const { request, context, handles } = round;
  const run = (memory: InputMemory) => {
    const outcome = runOnce({ request, context, memory, handles }, handler, ending);
    return outcome instanceof Promise
      ? outcome.then((late) => endRound(round, late))
      : endRound(round, outcome);
  };
  const recalled = recall(round, ending.singleUse);
  return recalled instanceof Promise ? recalled.then(run) : run(recalled);
}

/** What the exchange remembers when this round of it begins. */
export function recall(
  { request, context, inputs }: Round,
  singleUse: boolean,
): InputMemory | Promise<InputMemory> {
  return request.params?.requestState === undefined
    ? inputs.start(request, singleUse)
    : inputs.open(request, context, singleUse);
}

/** The result of a round: that of its run, or what it asks for. */
export function endRound(
  { request, context, inputs }: Round,
  outcome: Result | Unanswered,
): Result | Promise<Result> {
  return outcome instanceof Unanswered ? inputs.seal(request, context, outcome) : outcome;
}

/** How a run has ended: with a result, or with questions. */
type Outcome = Result | Unanswered;

/**
 * Runs `handler` once and makes the result of what it returned, unless it asked for input. What is
 * open when the handler ends is asked, whatever the handler made of the rejection meanwhile; only a
 * protocol error of its own goes first.
 */
export function runOnce<T>(
  init: Run,
  handler: Handler<T>,
  ending: Ending<T>,
): Outcome | Promise<Outcome> {
  const run = new HandlerRun(init);
  try {
    const returned = handler(run);
    if (isThenable(returned)) return concludeLater(run, returned, ending);
    return conclude(run, returned, ending);
  } catch (error) {
    return concludeFailed(run, error, ending);
  }
}

async function concludeLater<T>(
  run: HandlerRun,
  returned: PromiseLike<T | InputRequired>,
  ending: Ending<T>,
): Promise<Outcome> {
  try {
    return conclude(run, await returned, ending);
  } catch (error) {
    return concludeFailed(run, error, ending);
  }
}

function conclude<T>(
  run: HandlerRun,
  value: T | InputRequired,
  ending: Ending<T>,
): Outcome | Promise<Outcome> {
  run.done();
  if (run.pending !== undefined) return askPending(run);
  if (value instanceof InputRequired) return askByHand(run, value);
  const result = ending.finish(value);
  if (!(result instanceof Promise)) return result;
  return result.catch((error: unknown) => concludeFailed(run, error, ending));
}

function concludeFailed<T>(
  run: HandlerRun,
  error: unknown,
  { recover }: Ending<T>,
): Outcome | Promise<Outcome> {
  run.done();
  if (run.pending !== undefined && !(isProtocolError(error) && !error.peer)) {
    return askPending(run);
  }
  if (recover === undefined) throw error;
  return recover(error);
}

/** Also true for the promises of libraries, such as query builders, that are no `Promise`. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
}

async function askPending(run: HandlerRun): Promise<Unanswered> {
  await run.settle();
  if (run.mistake !== undefined) throw run.mistake;
  return new Unanswered(run.pending ?? {}, run.memory);
}

/** The explicit form: only kinds that the client declared may be asked. */
async function askByHand(
  run: HandlerRun,
  { init: { inputRequests = {}, state } }: InputRequired,
): Promise<Unanswered> {
  const wanted = Object.entries(inputRequests);
  if (wanted.length === 0 && state === undefined) {
    throw new TypeError("inputRequired: expected inputRequests or a state");
  }
  const checked = wanted.map(([name, one]) => [name, checkedRequest(one)] as const);
  for (const [, one] of checked) requireCapabilities(capabilityFor(one), run.capabilities);
  await run.settle();
  return new Unanswered(Object.fromEntries(checked), { ...run.memory, state });
}

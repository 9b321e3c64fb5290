/**
 * Runs a handler for one round of an exchange: opens what the client brought back, and turns
 * questions without an answer into an `input_required` result.
 *
 * @spec basic/patterns/mrtr#basic-workflow
 */
import { requireCapabilities } from "../protocol/capabilities.ts";
import { isProtocolError } from "../protocol/errors.ts";
import type { RequestContext } from "../protocol/exchange.ts";
import type { InputRequiredResult } from "../protocol/input-required.ts";
import { capabilityFor } from "../protocol/input-required.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import type { HandleStore } from "../stores/handle-store.ts";
import { checkedRequest } from "./elicitation.ts";
import type { HandlerContext } from "./handler-context.ts";
import { HandlerRun } from "./handler-context.ts";
import type { InputMemory, InputState } from "./input-state.ts";
import { InputRequired } from "./results.ts";

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

/**
 * Runs `handler` and makes the result of what it returned, unless it asked for input. What is open
 * when the handler ends is asked, whatever the handler made of the rejection meanwhile; only a
 * protocol error of its own goes first.
 */
export async function runHandler<T>(
  round: Round,
  handler: (context: HandlerContext) => T | InputRequired | Promise<T | InputRequired>,
  { singleUse, finish, recover }: Ending<T>,
): Promise<Result> {
  const { request, context, inputs } = round;
  const hasState = request.params?.requestState !== undefined;
  const memory = hasState
    ? await inputs.open(request, context, singleUse)
    : inputs.start(request, singleUse);
  const run = new HandlerRun(round, memory);
  try {
    const returned = handler(run);
    const value = isThenable(returned) ? await returned : returned;
    if (run.pending !== undefined) return askPending(round, run);
    if (value instanceof InputRequired) return askByHand(round, run, value);
    const result = finish(value);
    return result instanceof Promise ? await result : result;
  } catch (error) {
    if (run.pending !== undefined && !(isProtocolError(error) && !error.peer)) {
      return askPending(round, run);
    }
    if (recover === undefined) throw error;
    return recover(error);
  } finally {
    run.done();
  }
}

/** Also true for the promises of libraries, such as query builders, that are no `Promise`. */
function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
}

async function askPending(round: Round, run: HandlerRun): Promise<InputRequiredResult> {
  const { request, context, inputs } = round;
  await run.settle();
  if (run.mistake !== undefined) throw run.mistake;
  return inputs.seal(request, context, { pending: run.pending ?? {}, memory: run.memory });
}

/** The explicit form: only kinds that the client declared may be asked. */
async function askByHand(
  round: Round,
  run: HandlerRun,
  { init: { inputRequests = {}, state } }: InputRequired,
): Promise<InputRequiredResult> {
  const { request, context, inputs } = round;
  const wanted = Object.entries(inputRequests);
  if (wanted.length === 0 && state === undefined) {
    throw new TypeError("inputRequired: expected inputRequests or a state");
  }
  const checked = wanted.map(([name, one]) => [name, checkedRequest(one)] as const);
  for (const [, one] of checked) requireCapabilities(capabilityFor(one), run.capabilities);
  await run.settle();
  const memory: InputMemory = { ...run.memory, state };
  return inputs.seal(request, context, { pending: Object.fromEntries(checked), memory });
}

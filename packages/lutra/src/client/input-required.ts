/**
 * Multi round-trip requests: collects the input that a server asks for, and sends it with a retry.
 *
 * @spec basic/patterns/mrtr#client-requirements-basic-workflow
 */
import { hasCapabilities } from "../protocol/capabilities.ts";
import type { ElicitRequest } from "../protocol/elicitation.ts";
import type {
  InputRequest,
  InputRequests,
  InputRequiredResult,
  InputResponse,
} from "../protocol/input-required.ts";
import { capabilityFor, inputRequired, parseInputRequired } from "../protocol/input-required.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import { malformed } from "../protocol/method.ts";
import type { ListRootsRequest } from "../protocol/roots.ts";
import type { CreateMessageRequest } from "../protocol/sampling.ts";
import { unlessAborted } from "../time/abort.ts";
import { backoffMs, delay } from "../time/backoff.ts";
import type { TimeBudget } from "../time/time-budget.ts";
import { answerElicitation, checkElicitation, type ElicitHandler } from "./elicitation.ts";
import type { InputInfo } from "./input-info.ts";
import type { CompleteOptions } from "./options.ts";
import { answerRoots, type RootsHandler } from "./roots.ts";
import { answerSampling, checkSampling, type SampleHandler } from "./sampling.ts";

/** The request that needs input, and the function that sends it again. */
export interface InputExchange {
  readonly method: string;
  readonly name: string | undefined;
  /** The parameters of the original request. */
  readonly params: JSONObject;
  readonly signal: AbortSignal | undefined;
  /** The time that is left of the call. */
  readonly budget: TimeBudget;
  readonly retry: (params: JSONObject) => Promise<Result>;
  /** Called when a handler has failed, so that the server does not wait. */
  readonly abandon?: ((requestState: string) => void) | undefined;
}

export interface InputAnswerer {
  readonly options: CompleteOptions;
  /** The address or command of the server, to be shown to the user. */
  readonly server: string;
}

/** Pauses between retries without input, while a server waits for something else. */
const idlePace = { baseMs: 250, maxMs: 5000 };

/** The check and the answer for each kind of input request. */
const kinds: {
  readonly [Request in InputRequest as Request["method"]]: {
    readonly check: (request: Request, where: string) => void;
    readonly answer: (
      request: Request,
      options: CompleteOptions,
      info: InputInfo,
    ) => Promise<InputResponse>;
  };
} = {
  "elicitation/create": {
    check: checkElicitation,
    answer: (request: ElicitRequest, { onElicit, validator }, info) =>
      answerElicitation(request, onElicit as ElicitHandler, { info, validator }),
  },
  "sampling/createMessage": {
    check: checkSampling,
    answer: (request: CreateMessageRequest, { onSample }, info) =>
      answerSampling(request, onSample as SampleHandler, info),
  },
  "roots/list": {
    check: () => {},
    answer: (_request: ListRootsRequest, { onRoots }, info) =>
      answerRoots(onRoots as RootsHandler, info),
  },
};

/** Returns true for a result that requires input. For callers with `inputs: "manual"`. */
export function isInputRequired(result: Result): result is InputRequiredResult {
  return result.resultType === inputRequired;
}

/**
 * Answers `first` and the results after it until one is not `input_required`. Each retry has the
 * original parameters, the answers to the latest result, and its `requestState` unchanged, if any.
 */
export async function answerInputs(
  answerer: InputAnswerer,
  exchange: InputExchange,
  first: Result,
): Promise<Result> {
  const { maxInputRounds, maxInputRequests, random } = answerer.options;
  const { signal, budget } = exchange;
  let result = first;
  let idleRounds = 0;
  let asked = 0;
  for (let round = 1; round <= maxInputRounds; round += 1) {
    const { inputRequests, requestState } = parseInputRequired(result);
    const params: Record<string, unknown> = { ...exchange.params };
    if (requestState !== undefined) params.requestState = requestState;
    if (inputRequests !== undefined) {
      asked += Object.keys(inputRequests).length;
      requireFewInputs(asked, maxInputRequests);
      try {
        params.inputResponses = await gather(answerer, exchange, { inputRequests, round });
      } catch (error) {
        exchange.abandon?.(requestState as string);
        throw error;
      }
    } else {
      // The first retry is immediate.
      if (idleRounds > 0) {
        const pauseMs = backoffMs(idleRounds - 1, random, idlePace);
        const timeoutMs = Number.POSITIVE_INFINITY;
        await budget.wait({ timeoutMs, signal }, (signal) => delay(pauseMs, signal));
      }
      idleRounds += 1;
    }
    result = await exchange.retry(params);
    if (!isInputRequired(result)) return result;
  }
  throw malformed(`result: still input_required after ${maxInputRounds} rounds`);
}

/** @throws {TransportError} `malformed` for more input requests than a call may have */
export function requireFewInputs(asked: number, maxInputRequests: number): void {
  if (asked <= maxInputRequests) return;
  const limit = `expected at most ${maxInputRequests} input requests in one call`;
  throw malformed(`result.inputRequests: ${limit} (maxInputRequests)`);
}

/** Returns true for input requests that the client has declared support for. */
export function canAnswer(request: InputRequest, { capabilities }: CompleteOptions): boolean {
  return hasCapabilities(capabilityFor(request), capabilities);
}

/** Calls all handlers at once. When one fails, the signal of the others aborts. */
export async function gather(
  { options, server }: InputAnswerer,
  { method, name, signal }: Pick<InputExchange, "method" | "name" | "signal">,
  { inputRequests, round }: { readonly inputRequests: InputRequests; readonly round: number },
): Promise<JSONObject> {
  for (const [key, request] of Object.entries(inputRequests)) check(key, request, options);
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort);
  const answer = async ([key, request]: [string, InputRequest]) => {
    const info = { server, method, name, key, round, signal: controller.signal };
    const kind = kinds[request.method] as (typeof kinds)["elicitation/create"];
    return [key, await kind.answer(request as ElicitRequest, options, info)] as const;
  };
  try {
    const answers = Promise.all(Object.entries(inputRequests).map(answer));
    return Object.fromEntries(await unlessAborted(answers, signal));
  } catch (error) {
    controller.abort(error);
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * Checks that the client has declared the capability, and that the request is valid.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */
function check(key: string, request: InputRequest, options: CompleteOptions): void {
  const where = `result.inputRequests.${key}`;
  const kind = kinds[request.method] as (typeof kinds)["elicitation/create"];
  kind.check(request as ElicitRequest, `${where}.params`);
  if (canAnswer(request, options)) return;
  throw malformed(`${where}: ${request.method} needs a capability that was not declared`);
}

/**
 * What a handler remembers between the rounds of one exchange, sealed into `requestState`: answers,
 * outcomes of steps, and the state of the explicit form.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */

import { invalidParams } from "../../protocol/errors.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import type {
  InputRequest,
  InputRequests,
  InputRequiredResult,
  InputResponse,
} from "../../protocol/input-required.ts";
import { inputRequired, isResponseTo } from "../../protocol/input-required.ts";
import { canonicalJSON, type JSONObject } from "../../protocol/json.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import type { JSONSchemaValidator } from "../../schema/json-schema.ts";
import type { ReplayGuard } from "../../stores/replay-guard.ts";
import { randomId } from "../random-id.ts";
import type { Sealer } from "../seal.ts";

/** The one value that a step had, or nothing where it returned `undefined`. */
export type StepOutcome = readonly [outcome: unknown] | readonly [];

export interface InputMemory {
  /** Valid answers of all rounds so far. */
  readonly answers: { readonly [key: string]: InputResponse };
  /** Outcomes of steps, by name. */
  readonly steps: { readonly [name: string]: StepOutcome };
  /** The state that the explicit form returned. */
  readonly state: unknown;
  /** What tells the exchange from all others, once something depended on it. */
  readonly exchange?: string | undefined;
  /** Finds an answer that was sent without request state, if it fits the question. */
  readonly offered?: (name: string, question: InputRequest) => InputResponse | undefined;
}

export interface RequestStatesOptions {
  readonly sealer: Sealer;
  /** How long a client may take to answer. */
  readonly ttlMs: number;
  /** The largest `requestState` that is sent; proxies and hosts must carry it. */
  readonly maxStateBytes: number;
  readonly replayGuard: ReplayGuard;
  readonly validator: JSONSchemaValidator;
  /** The `_meta` that results have. */
  readonly meta: JSONObject | undefined;
  readonly now: () => number;
}

interface SealedState {
  /** When the state expires, in milliseconds since 1970. */
  readonly expires: number;
  /** Claimed once where an exchange may be completed only once. */
  readonly nonce: string;
  readonly pending: InputRequests;
  readonly answers: { readonly [key: string]: InputResponse };
  readonly steps: { readonly [name: string]: StepOutcome };
  readonly state: unknown;
  readonly exchange?: string | undefined;
}

export const emptyMemory: InputMemory = Object.freeze({ answers: {}, steps: {}, state: undefined });

/** Members of `params` that differ between the rounds of one exchange. */
const perRound = new Set(["_meta", "inputResponses", "requestState"]);

export interface RequestStates {
  /** Reads what a retry brings. Refuses state that is tampered, expired or from elsewhere. */
  readonly open: (
    request: JSONRPCRequest,
    context: RequestContext,
    singleUse: boolean,
  ) => Promise<InputMemory>;
  /**
   * Starts an exchange. The specification lets a retry come without request state, from a client
   * that has learned the questions elsewhere: such answers count as soon as they fit a question.
   */
  readonly start: (request: JSONRPCRequest, singleUse: boolean) => InputMemory;
  /** Makes the result that asks for `pending`. */
  readonly seal: (
    request: JSONRPCRequest,
    context: RequestContext,
    round: { readonly pending: InputRequests; readonly memory: InputMemory },
  ) => Promise<InputRequiredResult>;
}

/** Seals and opens the memory of exchanges. Nothing is kept between the rounds but in the seal. */
export function createRequestStates(options: RequestStatesOptions): RequestStates {
  const { sealer, ttlMs, maxStateBytes, replayGuard, validator, meta, now } = options;
  return {
    open: async (request, context, singleUse) => {
      const sealed = request.params?.requestState as string;
      const state = (await sealer.open(sealed, binding(request, context))) as
        | SealedState
        | undefined;
      if (state === undefined)
        throw invalidParams("params.requestState: not valid for this request");
      if (state.expires <= now()) throw invalidParams("params.requestState: expired");
      if (singleUse && !(await replayGuard.claim(state.nonce, state.expires - now()))) {
        throw invalidParams("params.requestState: already used");
      }
      const responses = (request.params?.inputResponses ?? {}) as JSONObject;
      const accepted = acceptedResponses(state.pending, responses, validator);
      // What was asked once more has lost its earlier answer.
      const isKept = ([key]: [string, unknown]) => !Object.hasOwn(state.pending, key);
      const kept = Object.entries(state.answers).filter(isKept);
      const answers = Object.fromEntries([...kept, ...accepted]);
      const { steps, exchange } = state;
      return { answers, steps, state: state.state, exchange };
    },
    start: ({ params }, singleUse) => {
      const responses = params?.inputResponses as JSONObject | undefined;
      // Without a seal nothing could tell the first use from the second.
      if (responses === undefined || singleUse) return emptyMemory;
      const offered = (name: string, question: InputRequest) =>
        answerTo(question, ownMember(responses, name), validator);
      return { ...emptyMemory, offered };
    },
    seal: async (request, context, { pending, memory }) => {
      const { answers, steps, state, exchange } = memory;
      const known = { pending, answers, steps, state, exchange };
      const content: SealedState = { expires: now() + ttlMs, nonce: randomId(), ...known };
      const requestState = await sealer.seal(content, binding(request, context));
      if (requestState.length > maxStateBytes) {
        throw new RangeError(
          `requestState: ${requestState.length} bytes, more than ${maxStateBytes}; keep large ` +
            "values in a store and remember their handle",
        );
      }
      const own = meta && { _meta: meta };
      const result = { resultType: inputRequired, requestState, ...own } as const;
      return Object.keys(pending).length === 0 ? result : { ...result, inputRequests: pending };
    },
  };
}

/** Ties sealed state to the principal, the method and the parameters that do not change. */
function binding({ method, params = {} }: JSONRPCRequest, { principal }: RequestContext): string {
  const salient = Object.entries(params).filter(([name]) => !perRound.has(name));
  return `state\n${canonicalJSON([principal?.id ?? null, method, Object.fromEntries(salient)])}`;
}

/**
 * Keeps the responses that answer what was asked. Others are left out, so that the handler asks
 * again; unknown keys are ignored.
 *
 * @spec basic/patterns/mrtr#error-handling
 */
function acceptedResponses(
  pending: InputRequests,
  responses: JSONObject,
  validator: JSONSchemaValidator,
): readonly (readonly [key: string, response: InputResponse])[] {
  return Object.entries(pending).flatMap(([key, request]) => {
    const response = answerTo(request, ownMember(responses, key), validator);
    return response === undefined ? [] : [[key, response] as const];
  });
}

/** The response as an answer to the request, or `undefined` when it is none. */
export function answerTo(
  request: InputRequest,
  response: unknown,
  validator: JSONSchemaValidator,
): InputResponse | undefined {
  const fits = isResponseTo(request, response) && fitsForm(request, response, validator);
  return fits ? response : undefined;
}

/** @spec client/elicitation#form-mode-security */
function fitsForm(
  request: InputRequest,
  response: InputResponse,
  validator: JSONSchemaValidator,
): boolean {
  if (request.method !== "elicitation/create" || request.params.mode === "url") return true;
  if (!("action" in response) || response.action !== "accept") return true;
  const validate = validator(request.params.requestedSchema as unknown as JSONObject);
  return validate(response.content ?? {}) === undefined;
}

/** Keys are the peer's: none of them may reach the prototype. */
function ownMember(object: JSONObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

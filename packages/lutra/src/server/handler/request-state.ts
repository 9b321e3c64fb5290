/**
 * The memory of an exchange, sealed into `requestState` between its rounds: answers, outcomes of
 * steps, and the state of the explicit form.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */

import { callerOf } from "../../protocol/caller.ts";
import { invalidParams } from "../../protocol/errors.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import type {
  InputRequest,
  InputRequests,
  InputRequiredResult,
  InputResponse,
} from "../../protocol/input-required.ts";
import { inputRequired } from "../../protocol/input-required.ts";
import { originalParams } from "../../protocol/input-responses.ts";
import { canonicalJSON, type JSONObject } from "../../protocol/json.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import type { JSONSchemaValidator } from "../../schema/json-schema.ts";
import type { ReplayGuard } from "../../stores/replay-guard.ts";
import { randomId } from "../random-id.ts";
import type { Sealer } from "../seal.ts";
import type { HistoryEntry } from "./history.ts";
import { answerTo } from "./input-kinds.ts";

/** The value of a step in a list of one, or an empty list when the step returned `undefined`. */
export type StepOutcome = readonly [outcome: unknown] | readonly [];

export interface InputMemory {
  /** Valid answers of all rounds so far. */
  readonly answers: { readonly [key: string]: InputResponse };
  /** Outcomes of steps, by name. */
  readonly steps: { readonly [name: string]: StepOutcome };
  /** The order of the operations so far. Left out before the first one. */
  readonly history?: readonly HistoryEntry[] | undefined;
  /** State that the handler returned with `inputRequired`. */
  readonly state: unknown;
  /** Identifies the exchange; set once something depends on it. */
  readonly exchange?: string | undefined;
  /** The `traceparent` of the first round, on a server that is observed. */
  readonly firstTrace?: string | undefined;
  /** Returns an answer that was sent without request state, if it fits the input request. */
  readonly offered?: (name: string, asked: InputRequest) => InputResponse | undefined;
}

export interface RequestStatesOptions {
  readonly sealer: Sealer;
  /** Maximum time for a client to answer, in milliseconds. */
  readonly ttlMs: number;
  /** Maximum length of a `requestState`, because proxies and hosts must transport it. */
  readonly maxStateBytes: number;
  readonly replayGuard: ReplayGuard;
  readonly validator: JSONSchemaValidator;
  /** The `_meta` of every result. */
  readonly meta: JSONObject | undefined;
  readonly now: () => number;
}

interface SealedState extends Omit<InputMemory, "offered"> {
  /** Expiry, in milliseconds since 1970. */
  readonly expires: number;
  /** Claimed on first use when the definition is `singleUse`. */
  readonly nonce: string;
  readonly pending: InputRequests;
}

const emptyMemory: InputMemory = Object.freeze({ answers: {}, steps: {}, state: undefined });

export interface RequestStates {
  /** Opens the state of a retry. Refuses state that is tampered with, expired or foreign. */
  readonly open: (
    request: JSONRPCRequest,
    context: RequestContext,
    singleUse: boolean,
  ) => Promise<InputMemory>;
  /**
   * Starts an exchange. The specification allows answers without request state, from a client that
   * learned the input requests elsewhere. Such an answer counts when it fits an input request.
   */
  readonly start: (request: JSONRPCRequest, singleUse: boolean) => InputMemory;
  /** Creates the result that asks for `pending`. */
  readonly seal: (
    request: JSONRPCRequest,
    context: RequestContext,
    round: { readonly pending: InputRequests; readonly memory: InputMemory },
  ) => Promise<InputRequiredResult>;
}

/** Creates the functions that seal and open the memory of exchanges. The server stores nothing. */
export function createRequestStates(options: RequestStatesOptions): RequestStates {
  const { sealer, ttlMs, maxStateBytes, replayGuard, validator, meta, now } = options;
  return {
    open: async (request, context, singleUse) => {
      const sealed = request.params?.requestState as string;
      // No state that this server sends is longer. The check is first, because creating the binding
      // takes time in proportion to the length of the parameters.
      const isKnown = sealed.length <= maxStateBytes;
      const opened = isKnown ? await sealer.open(sealed, binding(request, context)) : undefined;
      const state = opened as SealedState | undefined;
      if (state === undefined)
        throw invalidParams("params.requestState: not valid for this request");
      if (state.expires <= now()) throw invalidParams("params.requestState: expired");
      if (singleUse) {
        const ttlMs = state.expires - now();
        const isFirst = await replayGuard.claim(state.nonce, ttlMs, callerOf(context));
        if (!isFirst) throw invalidParams("params.requestState: already used");
      }
      const responses = (request.params?.inputResponses ?? {}) as JSONObject;
      const accepted = acceptedResponses(state.pending, responses, validator);
      // An input request that is sent again loses its earlier answer.
      const isKept = ([key]: [string, unknown]) => !Object.hasOwn(state.pending, key);
      const kept = Object.entries(state.answers).filter(isKept);
      const answers = Object.fromEntries([...kept, ...accepted]);
      const { steps, history, exchange, firstTrace } = state;
      return { answers, steps, history, state: state.state, exchange, firstTrace };
    },
    start: ({ params }, singleUse) => {
      const responses = params?.inputResponses as JSONObject | undefined;
      // Without a seal, a second use could not be distinguished from the first.
      if (responses === undefined || singleUse) return emptyMemory;
      const offered = (name: string, asked: InputRequest) =>
        answerTo(asked, ownMember(responses, name), validator);
      return { ...emptyMemory, offered };
    },
    seal: async (request, context, { pending, memory }) => {
      const { answers, steps, history, state, exchange, firstTrace } = memory;
      const known = { pending, answers, steps, history, state, exchange, firstTrace };
      const content: SealedState = { expires: now() + ttlMs, nonce: randomId(), ...known };
      const requestState = await sealer.seal(content, binding(request, context));
      if (requestState.length > maxStateBytes) {
        throw new RangeError(
          `requestState: expected at most ${maxStateBytes} bytes, got ${requestState.length}; keep ` +
            "large values in a store and remember their handle",
        );
      }
      const own = meta && { _meta: meta };
      const result = { resultType: inputRequired, requestState, ...own } as const;
      return Object.keys(pending).length === 0 ? result : { ...result, inputRequests: pending };
    },
  };
}

/** Binds sealed state to the principal, the method and the parameters that must not change. */
function binding({ method, params }: JSONRPCRequest, { principal }: RequestContext): string {
  return `state\n${canonicalJSON([principal?.id ?? null, method, originalParams(params)])}`;
}

/**
 * Returns the responses that answer an input request. An invalid one is omitted, so that the handler
 * asks again; unknown keys are ignored.
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

/** Reads an own member only, because the client chooses the key. */
function ownMember(object: JSONObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

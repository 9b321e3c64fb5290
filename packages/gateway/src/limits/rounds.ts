/**
 * Recognizes the rounds of one exchange. The gateway seals the identity of the exchange into
 * `requestState`, which the client repeats in the next round.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */
import { originalParams } from "lutra/internal";
import {
  canonicalJSON,
  type InputRequiredResult,
  isObject,
  type JSONRPCRequest,
  type RequestContext,
} from "lutra/protocol";
import { randomId, type Sealer } from "lutra/server";
import type { ReplayGuard } from "lutra/stores";
import { callerOf } from "../cache/authorization-context.ts";
import { invalidState } from "../refuse.ts";

export interface RoundsOptions {
  readonly sealer: Sealer;
  /** Ensures that each round is redeemed at most once. */
  readonly replayGuard: ReplayGuard;
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** One round of an exchange. */
interface Round {
  readonly exchange: string;
  /** The number of the retry, from 1. */
  readonly round: number;
  /** The deadline for the retry, in milliseconds since 1970. */
  readonly expires: number;
}

/** A request without the state that the gateway added. */
export interface OpenedRound {
  readonly request: JSONRPCRequest;
  /** `undefined` for the first round, and for a retry whose state the gateway did not seal. */
  readonly round: Round | undefined;
}

/** Maximum time between a result that asks for input and the retry, in milliseconds. */
const roundTtlMs = 3_600_000;

/** Maximum number of retries that count as part of the first request of an exchange. */
const maxRounds = 32;

/** Marks state that the gateway sealed, as opposed to the state of upstreams. */
const prefix = "lutra-limits:";

export interface Rounds {
  /**
   * Removes the state that `seal` added. Any other state is passed on to the upstream, which
   * validates it. Such state may belong to an exchange that began before the limit was configured.
   *
   * @throws {ProtocolError} `invalidParams` for sealed state that was changed, has expired or belongs
   *   to another request
   */
  readonly open: (request: JSONRPCRequest, context: RequestContext) => Promise<OpenedRound>;
  /** Returns true on the first call for a round, unless the exchange has too many rounds. */
  readonly redeem: (round: Round) => boolean | Promise<boolean>;
  /** Seals the next round into a result that asks for input. `previous` is the request's round. */
  readonly seal: (
    result: InputRequiredResult,
    request: JSONRPCRequest,
    rest: { readonly context: RequestContext; readonly previous: Round | undefined },
  ) => Promise<InputRequiredResult>;
}

interface SealedRound extends Round {
  /** The upstream's own state. `undefined` if it sent none. */
  readonly state?: string;
}

export function createRounds({ sealer, replayGuard, now }: RoundsOptions): Rounds {
  return {
    open: async (request, context) => {
      const sealed = request.params?.requestState;
      if (typeof sealed !== "string" || !sealed.startsWith(prefix)) {
        return { request, round: undefined };
      }
      const opened = await sealer.open(sealed.slice(prefix.length), binding(request, context));
      if (!isSealedRound(opened)) throw invalidState("not valid for this request");
      if (opened.expires <= now()) throw invalidState("expired");
      return { request: withState(request, opened.state), round: opened };
    },
    redeem: ({ exchange, round, expires }) =>
      round <= maxRounds && replayGuard.claim(`${exchange} ${round}`, expires - now()),
    seal: async (result, request, { context, previous }) => {
      const content: SealedRound = {
        exchange: previous?.exchange ?? randomId(),
        round: (previous?.round ?? 0) + 1,
        expires: now() + roundTtlMs,
        ...(result.requestState !== undefined && { state: result.requestState }),
      };
      const sealed = await sealer.seal(content, binding(request, context));
      return { ...result, requestState: prefix + sealed };
    },
  };
}

/**
 * Returns the data that a seal is bound to: the caller, the method and the parameters. A retry
 * repeats the original request, so the seal is valid for no other request.
 */
function binding({ method, params }: JSONRPCRequest, context: RequestContext): string {
  const caller = callerOf(context) ?? null;
  return `limits\n${canonicalJSON([caller, method, originalParams(params)])}`;
}

function withState(request: JSONRPCRequest, state: string | undefined): JSONRPCRequest {
  const { requestState: _sealed, ...params } = request.params ?? {};
  return {
    ...request,
    params: state === undefined ? params : { ...params, requestState: state },
  };
}

function isSealedRound(value: unknown): value is SealedRound {
  return (
    isObject(value) &&
    typeof value.exchange === "string" &&
    typeof value.round === "number" &&
    typeof value.expires === "number" &&
    (value.state === undefined || typeof value.state === "string")
  );
}

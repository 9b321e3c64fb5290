/**
 * Knows the rounds of one exchange again: what the gateway adds to `requestState` says which
 * exchange a retry goes on with.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */
import {
  canonicalJSON,
  type InputRequiredResult,
  isObject,
  type JSONRPCRequest,
  ProtocolError,
  type RequestContext,
} from "lutra/protocol";
import { randomId, type Sealer } from "lutra/server";
import type { ReplayGuard } from "lutra/stores";
import { callerOf } from "../cache/authorization-context.ts";

export interface RoundsOptions {
  readonly sealer: Sealer;
  /** Sees to it that each round is known again once. */
  readonly replayGuard: ReplayGuard;
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** A place in an exchange of several rounds. */
export interface Round {
  readonly exchange: string;
  /** Which retry it is, from 1. */
  readonly round: number;
  /** When the client has to be back, in milliseconds since 1970. */
  readonly expires: number;
}

/** A request as the upstream is to see it. */
export interface OpenedRound {
  readonly request: JSONRPCRequest;
  /** Absent for the first round, and for a retry of an exchange that the gateway has not marked. */
  readonly round: Round | undefined;
}

/** How long a client may take to come back, in milliseconds. */
export const roundTtlMs = 3_600_000;

/** How many retries of one exchange count as part of its first request. */
export const maxRounds = 32;

/** Tells what the gateway has sealed from the states of upstreams. */
const prefix = "lutra-limits:";

/** Members of `params` that differ between the rounds of one exchange. */
const perRound = new Set(["_meta", "inputResponses", "requestState"]);

export interface Rounds {
  /**
   * Takes off what `seal` added. State without it goes on to the upstream, which has to doubt it
   * anyway: it may belong to an exchange that is older than the limit.
   *
   * @throws {ProtocolError} `invalidParams` for a mark that is tampered, expired or from elsewhere
   */
  readonly open: (request: JSONRPCRequest, context: RequestContext) => Promise<OpenedRound>;
  /** True the first time for each round, as long as the exchange has not gone on for too long. */
  readonly redeem: (round: Round) => boolean | Promise<boolean>;
  /** Marks a result that asks for input. `previous` is the round that led to it. */
  readonly seal: (
    result: InputRequiredResult,
    request: JSONRPCRequest,
    rest: { readonly context: RequestContext; readonly previous: Round | undefined },
  ) => Promise<InputRequiredResult>;
}

interface SealedRound extends Round {
  /** The upstream's own state; absent where it sent none. */
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
      if (!isSealedRound(opened)) throw refused("not valid for this request");
      if (opened.expires <= now()) throw refused("expired");
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
 * Ties a mark to the caller, the method and the parameters, which a retry repeats: it is "the
 * original request" once more, and the mark is good for no other.
 */
function binding({ method, params = {} }: JSONRPCRequest, context: RequestContext): string {
  const salient = Object.entries(params).filter(([name]) => !perRound.has(name));
  const caller = callerOf(context) ?? null;
  return `limits\n${canonicalJSON([caller, method, Object.fromEntries(salient)])}`;
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

function refused(why: string): ProtocolError {
  return new ProtocolError("invalidParams", `params.requestState: ${why}`);
}

/**
 * The `requestState` of calls that a legacy upstream keeps open. It names the call and is sealed for
 * its caller, its method and its parameters.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */
import { hash } from "node:crypto";
import { invalidParams, originalParams } from "lutra/internal";
import {
  canonicalJSON,
  isObject,
  type JSONObject,
  type JSONRPCRequest,
  ProtocolError,
} from "lutra/protocol";
import type { Sealer } from "lutra/server";

/** Creates the error for the retry of a call that no process continues. */
export function callEnded(): ProtocolError {
  return invalidParams(
    "params.requestState: the call that waits for this input has ended, or the gateway that holds " +
      "it. It may have been executed; call again if that is safe",
  );
}

/** Creates the error for a retry that could not be passed on because of an outage of the bus. */
export function busInterrupted(): ProtocolError {
  const message =
    "The gateway that holds the call is unreachable, because the event bus is interrupted. The call " +
    "may have been executed; call again if that is safe";
  return new ProtocolError("internalError", message, { status: 503 });
}

/** A call that waits for input. */
export interface ParkedCall {
  /** The gateway process that holds the call. */
  readonly gateway: string;
  /** The session of the call. */
  readonly session: string;
  /** The state by which the session knows the call. */
  readonly state: string;
}

/** The request whose state is sealed, and its caller. */
export interface ParkedBy {
  readonly caller: string;
  readonly request: JSONRPCRequest;
}

export class ParkedStates {
  readonly #upstream: string;
  readonly #sealer: () => Sealer;

  /** @param upstream The name of the upstream, to which states are bound, too */
  constructor(upstream: string, sealer: () => Sealer) {
    this.#upstream = upstream;
    this.#sealer = sealer;
  }

  seal({ gateway, session, state }: ParkedCall, by: ParkedBy): Promise<string> {
    return this.#sealer().seal({ g: gateway, s: session, t: state }, this.#bindingOf(by));
  }

  /**
   * Returns the call that a request continues, or undefined for a request that continues none.
   *
   * @throws {ProtocolError} `invalidParams` for state that is not of this caller and this request
   */
  async open(by: ParkedBy): Promise<ParkedCall | undefined> {
    const { requestState } = by.request.params ?? {};
    if (requestState === undefined) return undefined;
    const opened =
      typeof requestState === "string"
        ? await this.#sealer().open(requestState, this.#bindingOf(by))
        : undefined;
    if (!isObject(opened)) throw invalidParams("params.requestState: not valid for this request");
    const { g: gateway, s: session, t: state } = opened as unknown as SealedCall;
    return { gateway, session, state };
  }

  #bindingOf({ caller, request: { method, params } }: ParkedBy): string {
    const same = canonicalJSON([originalParams(params) as JSONObject]);
    const digest = hash("sha256", same, "base64url");
    return `parked\n${JSON.stringify([this.#upstream, caller, method, digest])}`;
  }
}

interface SealedCall {
  readonly g: string;
  readonly s: string;
  readonly t: string;
}

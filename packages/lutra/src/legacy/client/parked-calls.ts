/**
 * The calls that wait for input of their callers. The `requestState` of a caller names its call, and
 * only the same caller can continue it.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */
import { invalidParams, type ProtocolError } from "../../protocol/errors.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { randomId } from "../../server/random-id.ts";
import type { Call } from "./call.ts";

export interface ParkedCallsOptions {
  /** Maximum number of calls that wait at a time. */
  readonly maxParked: number;
  /** Maximum time that one waits for its caller, in milliseconds. */
  readonly inputWaitMs: number;
  /** Called for a call whose caller did not continue it in time. */
  readonly onExpired: (call: Call, error: TransportError) => void;
}

/** Returns true for a request that continues a parked call. */
export function isContinuation({ params }: JSONRPCRequest): boolean {
  return params?.requestState !== undefined;
}

/** Creates the error for a call that has ended with its session. */
export function sessionForgotten(): ProtocolError {
  return invalidParams(
    "params.requestState: the server no longer knows the session of the call that waits for this " +
      "input. It may have been executed; call again if that is safe",
  );
}

interface Parked {
  readonly call: Call;
  readonly method: string;
  readonly principal: string | undefined;
  readonly timer: ReturnType<typeof setTimeout>;
}

export class ParkedCalls {
  readonly #options: ParkedCallsOptions;
  readonly #parked = new Map<string, Parked>();

  constructor(options: ParkedCallsOptions) {
    this.#options = options;
  }

  /**
   * Parks a call. Returns the `requestState` that names it.
   *
   * @throws {TransportError} `closed` when too many calls are parked
   */
  park(call: Call, context: RequestContext): string {
    const { maxParked, inputWaitMs, onExpired } = this.#options;
    if (this.#parked.size >= maxParked) {
      throw new TransportError("closed", `Too many calls wait for input (at most ${maxParked})`);
    }
    const state = randomId();
    const timer = setTimeout(() => {
      this.#parked.delete(state);
      const message = `The input for ${call.request.method} did not arrive within ${inputWaitMs} milliseconds`;
      onExpired(call, new TransportError("timeout", message));
    }, inputWaitMs);
    (timer as Partial<NodeJS.Timeout>).unref?.();
    const principal = context.principal?.id;
    this.#parked.set(state, { call, method: call.request.method, principal, timer });
    return state;
  }

  /**
   * Takes the call that a request continues.
   *
   * @throws {ProtocolError} `invalidParams` when there is none for this caller and this method
   */
  take(request: JSONRPCRequest, { principal }: Pick<RequestContext, "principal">): Call {
    const state = request.params?.requestState as string;
    const parked = this.#parked.get(state);
    const isOwn =
      parked !== undefined &&
      parked.principal === principal?.id &&
      parked.method === request.method;
    if (!isOwn) {
      throw invalidParams(
        "params.requestState: no call waits for this input; it has ended, or is of another caller. " +
          "It may have been executed",
      );
    }
    this.#remove(state, parked);
    return parked.call;
  }

  /** Takes the call that a state names, to end it. */
  abandon(state: string): Call | undefined {
    const parked = this.#parked.get(state);
    if (parked !== undefined) this.#remove(state, parked);
    return parked?.call;
  }

  clear(): void {
    for (const [state, parked] of this.#parked) this.#remove(state, parked);
  }

  #remove(state: string, { timer }: Parked): void {
    clearTimeout(timer);
    this.#parked.delete(state);
  }
}

/** The requests in flight in a session, and the messages of the server that belong to one of them. */
import { ProtocolError } from "../../protocol/errors.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import type {
  JSONRPCNotification,
  JSONRPCRequest,
  RequestId,
  Result,
} from "../../protocol/json-rpc.ts";
import { logMessageMethod } from "../../protocol/logging.ts";
import { coreMethods } from "../../protocol/methods.ts";
import { OpenMap } from "../../protocol/open-entries.ts";
import { progressMethod } from "../../protocol/progress.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { Call } from "./call.ts";

export class SessionCalls {
  readonly #calls = new OpenMap<number, Call>();
  /** Begins above the ids of a probe, whose answer may be late. */
  #lastId = 1_000_000;

  /**
   * Adds a call, with an id of its own.
   *
   * @param isOfCaller False for a request of the session itself
   */
  add(request: JSONRPCRequest, isOfCaller: boolean): Call {
    this.#lastId += 1;
    const call = new Call(this.#lastId, request, isOfCaller);
    this.#calls.set(call.id, call);
    return call;
  }

  /** Returns false when the call has been removed before. */
  remove({ id }: Call): boolean {
    return this.#calls.delete(id);
  }

  /** Ends all calls with an error. */
  end(error: TransportError): void {
    for (const call of this.#calls.values()) {
      call.reject(error);
      call.controller.abort(error);
    }
    this.#calls.clear();
  }

  /** Assigns a response to its call. */
  settle({ id, result, error }: JSONObject): void {
    const call = this.#calls.get(id as number);
    if (call === undefined) return;
    if (isObject(result)) call.resolve(result as Result);
    else {
      const malformed = new TransportError("malformed", "response: expected a result or an error");
      call.reject(ProtocolError.fromWire(error) ?? malformed);
    }
  }

  /**
   * Assigns a notification to its call. Returns false for one that concerns none.
   *
   * @param origin The call on whose stream it arrived
   */
  notify(notification: JSONRPCNotification, origin: Call | undefined): boolean {
    const { method, params } = notification;
    if (method === progressMethod) {
      this.#calls.get(params?.progressToken as number)?.progress(notification);
    } else if (method === logMessageMethod) (origin ?? this.#loggedCall())?.log(notification);
    else return false;
    return true;
  }

  /** Removes a request of the server that it has cancelled from the call that it was assigned to. */
  withdraw(id: RequestId): void {
    for (const call of this.#calls.values()) if (call.withdraw(id)) return;
  }

  /**
   * Returns the call to which a request of the server is assigned that names none: one whose caller
   * waits, with as few requests as possible. The answer reaches the right request in any case.
   */
  forRequest(): Call | undefined {
    const calls = [...this.#calls.values()].filter(mayAsk);
    const attached = calls.filter(({ isAttached }) => isAttached);
    const candidates = attached.length > 0 ? attached : calls;
    return candidates.reduce<Call | undefined>(
      (best, call) => (best === undefined || call.askedCount < best.askedCount ? call : best),
      undefined,
    );
  }

  /** Returns the call to which a log message belongs that names none: the only one that asked. */
  #loggedCall(): Call | undefined {
    const asking = [...this.#calls.values()].filter(({ logLevel }) => logLevel !== undefined);
    return asking.length === 1 ? asking[0] : undefined;
  }
}

const methods = new Map(coreMethods.map((method) => [method.name, method]));

/** Returns true for a call whose caller may be asked for input. */
export function mayAsk({ isOfCaller, request }: Call): boolean {
  return isOfCaller && methods.get(request.method)?.inputRequired === true;
}

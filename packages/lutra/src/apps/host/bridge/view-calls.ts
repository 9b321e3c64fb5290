/** Requests of a host to its view. */
import type { ProtocolError } from "../../../protocol/errors.ts";
import type { JSONObject } from "../../../protocol/json.ts";
import type { JSONRPCRequest, RequestId } from "../../../protocol/json-rpc.ts";
import { malformed } from "../../../protocol/method.ts";
import { TransportError } from "../../../protocol/transport-error.ts";
import { within } from "../../../time/within.ts";
import type { AppRequest } from "../../protocol/app-method.ts";

export interface ViewCallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Maximum time, in milliseconds. @default the bridge's `viewTimeoutMs` */
  readonly timeoutMs?: number | undefined;
}

export interface ViewCalls {
  /**
   * Sends a request and resolves to its result, whose shape was checked.
   *
   * @throws {ProtocolError} that the view returned
   * @throws {TransportError} for a malformed result, and for none within the time
   */
  readonly send: <Params extends object, Result extends object>(
    request: AppRequest<Params, Result>,
    params: Params,
    options: ViewCallOptions & { readonly timeoutMs: number },
  ) => Promise<Result>;
  /** Settles a request. Returns false for an id that is not pending. */
  readonly settle: (id: RequestId, outcome: JSONObject | ProtocolError) => boolean;
  /** Fails all pending requests. */
  readonly fail: (error: Error) => void;
}

interface Pending {
  readonly resolve: (result: JSONObject) => void;
  readonly reject: (error: Error) => void;
}

export function createViewCalls(post: (message: JSONRPCRequest) => void): ViewCalls {
  const pending = new Map<RequestId, Pending>();
  let nextId = 1;

  function exchange(
    method: string,
    params: object,
  ): { id: RequestId; answer: Promise<JSONObject> } {
    const id = nextId;
    nextId += 1;
    const answer = new Promise<JSONObject>((resolve, reject) => {
      pending.set(id, { resolve, reject });
    });
    post({ jsonrpc: "2.0", id, method, params: params as JSONObject });
    return { id, answer };
  }

  return {
    send: async (request, params, { signal, timeoutMs }) => {
      const { id, answer } = exchange(request.name, params);
      const tooLate = () =>
        new TransportError("timeout", `${request.name}: no result of the view in ${timeoutMs} ms`);
      try {
        const result = await within({ signal, ms: timeoutMs, tooLate }, () => answer);
        const problem = request.result(result);
        if (problem !== undefined) throw malformed(`${request.name}: result${problem}`);
        return result as never;
      } finally {
        pending.delete(id);
      }
    },
    settle: (id, outcome) => {
      const waiting = pending.get(id);
      if (waiting === undefined) return false;
      pending.delete(id);
      if (outcome instanceof Error) waiting.reject(outcome);
      else waiting.resolve(outcome);
      return true;
    },
    fail: (error) => {
      for (const { reject } of pending.values()) reject(error);
      pending.clear();
    },
  };
}

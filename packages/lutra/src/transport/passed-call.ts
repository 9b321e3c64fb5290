/**
 * A call to a legacy server whose messages a gateway sends and receives itself, as long as neither has
 * to be changed much. The session of the call still knows it.
 */
import type { RequestContext } from "../protocol/exchange.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";

export interface PassedCall {
  /** The id of the request on the wire. */
  readonly id: number;
  /** The headers of the session. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ends a call whose result has arrived. */
  readonly end: () => void;
  /** Ends a call that was given up. The server is told to cancel it. */
  readonly cancel: (error: unknown) => void;
  /** Serves the request. `send` takes the place of `fetch` for the request that was sent already. */
  readonly serve: (
    request: JSONRPCRequest,
    context: RequestContext,
    send: typeof fetch,
  ) => Promise<Result>;
}

export interface PassedRequest {
  /** The request of the current revision. Its arguments may be missing. */
  readonly request: JSONRPCRequest;
  /** Called when the request has to be served, because the server asks for input or notifies. */
  readonly onEvent: () => void;
}

/**
 * One client of HTTP+SSE: the stream for all messages of the server, and the session that lasts as
 * long as the stream.
 *
 * @spec 2024-11-05/basic/transports#http-with-sse
 */
import { cancelledRequestId } from "../protocol/cancellation.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { Principal, RequestContext, Serve } from "../protocol/exchange.ts";
import { encodeJSON, isObject, type JSONObject, sizeOfJSON } from "../protocol/json.ts";
import { isRequest, type JSONRPCRequest, parseMessage } from "../protocol/json-rpc.ts";
import type { EventSink } from "../transport/http/legacy-hook.ts";
import { encodeEvent } from "../transport/http/rules.ts";
import { Exchanges } from "../transport/stdio/exchanges.ts";
import type { LegacyProcess } from "../transport/stdio/legacy.ts";
import { isAnswer } from "./answer.ts";
import { createLegacyProcess } from "./stdio.ts";

/** Maximum number of requests of a client that run at once, and of those that wait. */
const maxInFlight = 100;
/** Maximum size of the requests of a client that wait, in bytes. */
const maxWaitingBytes = 16_777_216;

/** The caller of a request. */
export interface Caller {
  readonly principal: Principal | undefined;
  readonly address: string | undefined;
}

export interface SseConnectionOptions {
  readonly serve: Serve;
  /** The legacy versions that are served, the newest first. */
  readonly versions: readonly string[];
  readonly sink: EventSink;
  readonly onError: (error: unknown) => void;
}

export class SseConnection {
  readonly #process: LegacyProcess;
  readonly #exchanges: Exchanges;
  /** The callers of the requests that are in flight, whose scopes may differ. */
  readonly #callers = new WeakMap<JSONRPCRequest, Caller>();

  constructor({ serve, versions, sink, onError }: SseConnectionOptions) {
    const send = (json: string) => sink.write(encodeEvent(json));
    this.#process = createLegacyProcess({
      serve,
      versions,
      send: (message) => send(encodeJSON(message)),
      onError,
      onEnd: () => void this.#exchanges.drain().then(sink.end),
    });
    this.#exchanges = new Exchanges({
      serve: (request, context) => this.#serve(request, context),
      principal: undefined,
      versions,
      send,
      maxInFlight,
      maxWaitingBytes,
      onError,
      onEnd: () => {},
    });
  }

  /**
   * Accepts what the client has posted. The responses to it follow on the stream.
   *
   * @throws {ProtocolError} for a message that is malformed, and while too many requests wait
   */
  receive(received: unknown, caller: Caller): void {
    if (this.#exchanges.isFull) throw tooManyWaiting();
    const isBatch = Array.isArray(received) && this.#process.hasBatches();
    for (const message of isBatch ? received : [received]) this.#receiveOne(message, caller);
  }

  /** Aborts the requests in flight, because the stream has closed. */
  close(): void {
    this.#process.close();
    this.#exchanges.abort("The client has closed the stream");
  }

  #receiveOne(received: unknown, caller: Caller): void {
    if (isAnswer(received)) {
      this.#process.answer(received);
      return;
    }
    const message = parseMessage(received);
    if (isRequest(message)) {
      this.#callers.set(message, caller);
      this.#exchanges.accept(message, sizeOfJSON(message));
      return;
    }
    const id = cancelledRequestId(message);
    if (id !== undefined) this.#exchanges.cancel(id, "The client cancelled the request");
    this.#process.notify(message);
  }

  #serve(request: JSONRPCRequest, context: RequestContext) {
    return this.#process.serve(request, { ...context, ...this.#callers.get(request) });
  }
}

function tooManyWaiting(): ProtocolError {
  return new ProtocolError(
    "invalidRequest",
    `HTTP+SSE: expected at most ${maxInFlight} requests that wait; wait for a response first`,
    { status: 503 },
  );
}

/** Returns the caller in a message of another replica. */
export function parseCaller({ principal, address }: JSONObject): Caller {
  return {
    principal: isObject(principal) ? (principal as unknown as Principal) : undefined,
    address: typeof address === "string" ? address : undefined,
  };
}

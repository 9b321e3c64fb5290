import type { Principal, Serve } from "../../protocol/exchange.ts";
import { encodeJSON } from "../../protocol/json.ts";
import {
  encodeError,
  encodeResult,
  type JSONRPCNotification,
  type JSONRPCRequest,
  type Result,
} from "../../protocol/json-rpc.ts";
import { isTransportError } from "../../protocol/transport-error.ts";
import { FetchEventStream } from "./fetch-event-stream.ts";
import { HttpContext } from "./http-context.ts";
import { type HttpRules, type ReadHeader, type ResponseHeaders, toProtocolError } from "./rules.ts";

export interface FetchExchangeOptions {
  readonly http: Request;
  readonly header: ReadHeader;
  readonly principal: Principal | undefined;
  readonly address: string | undefined;
  readonly rules: HttpRules;
  readonly cors: ResponseHeaders;
}

/** One request and its response: JSON, or an event stream after the first notification. */
export class FetchExchange {
  readonly #context: HttpContext;
  readonly #request: JSONRPCRequest;
  readonly #options: FetchExchangeOptions;
  #stream: FetchEventStream | undefined;
  #respond: (response: Response) => void = () => {};
  #gone: AbortController | undefined;
  #isGone = false;
  #isOver = false;

  constructor(request: JSONRPCRequest, options: FetchExchangeOptions) {
    this.#request = request;
    this.#options = options;
    this.#context = new HttpContext(options, this);
  }

  /** Serves the request. Resolves to the response as soon as it is known to be JSON or a stream. */
  serve(serve: Serve): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#respond = resolve;
      const fail = (thrown: unknown) => this.#fail(thrown, reject);
      serve(this.#request, this.#context).then((result) => this.#succeed(result, fail), fail);
    });
  }

  #succeed(result: Result, fail: (thrown: unknown) => void): void {
    try {
      const message = encodeResult(this.#request.id, result);
      this.#isOver = true;
      if (this.#stream) this.#stream.end(message);
      else this.#respond(jsonResponse(message, 200, this.#options.cors));
    } catch (thrown) {
      fail(thrown);
    }
  }

  #fail(thrown: unknown, reject: (reason: unknown) => void): void {
    this.#isOver = true;
    if (this.#stream === undefined) reject(thrown);
    else if (isTransportError(thrown)) this.#stream.abort();
    else {
      const error = toProtocolError(thrown, this.#options.rules);
      this.#stream.end(encodeError(this.#request.id, error));
    }
  }

  /** Sends a notification, unless the exchange has ended. */
  notify(notification: JSONRPCNotification): void | Promise<void> {
    if (this.#isOver) return;
    const message = encodeJSON(notification);
    if (this.#stream === undefined) {
      this.#stream = new FetchEventStream(this.#options.rules, () => this.#onGone());
      this.#respond(this.#stream.response(this.#options.cors));
    }
    return this.#stream.send(message);
  }

  /** Creates a signal that aborts with the HTTP request, and when the client of the stream disconnects. */
  createSignal(): AbortSignal {
    this.#gone = new AbortController();
    if (this.#isGone) this.#gone.abort();
    return AbortSignal.any([this.#options.http.signal, this.#gone.signal]);
  }

  #onGone(): void {
    this.#isGone = true;
    this.#gone?.abort();
  }
}

/** Creates a JSON response. */
export function jsonResponse(body: string, status: number, headers: ResponseHeaders): Response {
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

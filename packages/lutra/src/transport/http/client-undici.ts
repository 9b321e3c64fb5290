/**
 * The HTTP client transport for Node. It uses undici's dispatcher, which avoids the objects of
 * `fetch`.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */
import type { Dispatcher, RequestInit as UndiciRequestInit } from "undici";
import { Agent, Pool, fetch as undiciFetch } from "undici";
import type { RequestContext, Transport } from "../../protocol/exchange.ts";
import { encodeJSON } from "../../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { malformed } from "../../protocol/method.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { abortError } from "../../time/abort.ts";
import type { HttpTransportOptions } from "./client.ts";
import { lingerMs, requestHeaders, userHeaders, withDefaults } from "./client.ts";
import { createHttpTransport as createFetchTransport } from "./client-fetch.ts";
import { ResponseReader } from "./client-response.ts";
import { createConnector } from "./undici-connector.ts";

/** The connections over which a request is sent. */
interface SenderDispatcher extends Pick<Dispatcher, "dispatch"> {
  /**
   * Called for each chunk with the size of the incomplete response, in bytes. If it returns a promise,
   * nothing more is read until that resolves.
   */
  readonly onBuffered?: ((bytes: number) => Promise<void> | undefined) | undefined;
}

/** The context of a request, without a signal if the dispatcher itself ends what its caller aborts. */
interface SenderContext extends Omit<RequestContext, "signal"> {
  readonly signal: AbortSignal | undefined;
}

/** Sends one request and reads its response. It does not follow redirects. */
export type HttpSender = (
  dispatcher: SenderDispatcher,
  request: JSONRPCRequest,
  context: SenderContext,
) => Promise<Result>;

/**
 * Creates a function that sends requests to one endpoint over the caller's connections, for example
 * a `Pool` that also serves other requests. It asks for uncompressed responses, since without
 * `Accept-Encoding` a server may choose any encoding (RFC 9110, section 12.5.3).
 *
 * @throws {TypeError} for an invalid option
 */
export function createHttpSender(
  url: string | URL,
  options: Omit<HttpTransportOptions, "fetch" | "auth" | "maxConnections"> = {},
): HttpSender {
  const completed = withDefaults(url, options);
  const staticHeaders = [...completed.staticHeaders, "accept-encoding", "identity"];
  const client = { ...completed, staticHeaders };
  const path = client.url.pathname + client.url.search;
  return async (dispatcher, request, context) => {
    const headers = requestHeaders(client, request, context);
    const { dynamicHeaders } = client;
    if (dynamicHeaders !== undefined) headers.push(...userHeaders(await dynamicHeaders()));
    return new Promise((resolve, reject) => {
      const { signal, notify } = context;
      if (signal?.aborted) return reject(abortError(signal));
      const reader = new ResponseReader(request.id, notify, client);
      const settle = { resolve, reject };
      const handler = new ResponseHandler(reader, { dispatcher, signal, settle });
      const body = encodeJSON(request);
      dispatcher.dispatch({ path, method: "POST", headers, body }, handler);
    });
  };
}

/** Creates a transport to an MCP endpoint. It does not follow redirects. */
export function createHttpTransport(
  url: string | URL,
  options: HttpTransportOptions = {},
): Transport {
  if (options.fetch !== undefined) return createFetchTransport(url, options);
  if (options.auth !== undefined) return createAuthorizedTransport(url, options);
  const client = withDefaults(url, options);
  const send = createHttpSender(url, options);
  // The sender of a request limits its time, so undici's own timeouts are off.
  const pool = new Pool(client.url.origin, {
    connect: createConnector(),
    connections: client.maxConnections,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  let isClosed = false;

  return {
    mirrorsHeaders: true,
    serve: async (request, context) => {
      if (isClosed) throw closedError();
      return send(pool, request, context);
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await pool.destroy(closedError());
    },
  };
}

/**
 * Creates a transport whose requests pass through `auth`, and so through `fetch`, which has time limits
 * of its own unless its connections have none.
 */
function createAuthorizedTransport(url: string | URL, options: HttpTransportOptions): Transport {
  const { maxConnections } = withDefaults(url, options);
  const dispatcher = new Agent({
    connect: createConnector(),
    connections: maxConnections,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const send = (input: string | URL, init: RequestInit): Promise<unknown> =>
    undiciFetch(input, { ...(init as UndiciRequestInit), dispatcher });
  const { serve, close } = createFetchTransport(url, { ...options, fetch: send as typeof fetch });
  return {
    mirrorsHeaders: true,
    serve,
    close: async () => {
      await close();
      await dispatcher.destroy();
    },
  };
}

interface Settle {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

interface ResponseHandlerInit {
  readonly dispatcher: Pick<SenderDispatcher, "onBuffered">;
  readonly signal: AbortSignal | undefined;
  readonly settle: Settle;
}

/** The handler of one exchange, called by undici. */
class ResponseHandler implements Dispatcher.DispatchHandler {
  readonly #reader: ResponseReader;
  readonly #dispatcher: ResponseHandlerInit["dispatcher"];
  readonly #signal: AbortSignal | undefined;
  readonly #settle: Settle;
  #controller: Dispatcher.DispatchController | undefined;
  #isSettled = false;
  #linger: ReturnType<typeof setTimeout> | undefined;

  constructor(reader: ResponseReader, { dispatcher, signal, settle }: ResponseHandlerInit) {
    this.#reader = reader;
    this.#dispatcher = dispatcher;
    this.#signal = signal;
    this.#settle = settle;
    signal?.addEventListener("abort", this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal?.aborted) controller.abort(abortError(this.#signal));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: { readonly [name: string]: string | string[] | undefined },
  ): void {
    if (status < 200) return;
    try {
      this.#reader.start(status, (name) => {
        const value = headers[name];
        return Array.isArray(value) ? value[0] : value;
      });
      if (status < 300) requireUncompressed(headers["content-encoding"]);
    } catch (error) {
      controller.abort(this.#reader.connectionError(error));
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#isSettled) return;
    try {
      const wait = this.#reader.read(chunk);
      if (this.#reader.result !== undefined) this.#succeed(this.#reader.result, controller);
      else this.#pause(wait, controller);
    } catch (error) {
      this.#fail(error);
      controller.abort(this.#reader.connectionError(error));
    }
  }

  /** Reads no more until the receiver of notifications, and the memory, are ready. */
  #pause(wait: void | Promise<void>, controller: Dispatcher.DispatchController): void {
    const room = this.#dispatcher.onBuffered?.(this.#reader.bufferedBytes);
    if (wait === undefined && room === undefined) return;
    pauseUntil(Promise.all([wait, room]), controller);
  }

  onResponseEnd(): void {
    clearTimeout(this.#linger);
    if (this.#isSettled) return;
    try {
      this.#succeed(this.#reader.end());
    } catch (error) {
      this.#fail(error);
    }
  }

  onResponseError(_controller: unknown, error: Error): void {
    clearTimeout(this.#linger);
    this.#fail(this.#reader.connectionError(error));
  }

  /** With `open`, the stream has not ended, and is aborted unless it ends within `lingerMs`. */
  #succeed(result: Result, open?: Dispatcher.DispatchController): void {
    this.#finish();
    this.#settle.resolve(result);
    if (open !== undefined) this.#linger = setTimeout(() => open.abort(closedError()), lingerMs);
  }

  #fail(error: unknown): void {
    if (this.#isSettled) return;
    this.#finish();
    this.#settle.reject(error);
  }

  #finish(): void {
    this.#isSettled = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  /** Closes the response stream, which notifies the server. */
  readonly #onAbort = (): void => {
    const error = abortError(this.#signal as AbortSignal);
    this.#fail(error);
    this.#controller?.abort(error);
  };
}

function requireUncompressed(encoding: string | string[] | undefined): void {
  if (encoding === undefined || encoding === "identity") return;
  const remedy = "turn off compression for requests with Accept-Encoding: identity";
  throw malformed(`response: expected no Content-Encoding, got ${encoding}; ${remedy}`);
}

function pauseUntil(wait: Promise<unknown>, controller: Dispatcher.DispatchController): void {
  controller.pause();
  const resume = () => controller.resume();
  wait.then(resume, resume);
}

function closedError(): TransportError {
  return new TransportError("closed", "The transport was closed");
}

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { PassThrough, type Readable } from "node:stream";
import { endEarly } from "lutra/node";
import type { Dispatcher, Pool } from "undici";

/** A replica that answers requests. */
export interface Destination {
  readonly number: number;
  readonly pool: Pool;
}

export interface ForwardingOptions {
  /** All replicas; the list changes when one comes or goes. */
  readonly destinations: readonly Destination[];
  /** Whose turn it is; counts up from request to request. */
  readonly first: number;
  /** Answers when no replica can. */
  readonly refuse: (res: ServerResponse, status: number, message: string) => void;
}

/** A body that has come before any replica could answer. */
const smallBytes = 16_384;

/** Headers that belong to one connection, not to the message. `expect` was already answered. */
const hopByHop = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * One request on its way to a replica, and the answer on its way back. Both bodies are passed
 * through as they come, no faster than their reader takes them.
 */
export class Forwarding implements Dispatcher.DispatchHandler {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #options: ForwardingOptions;
  #controller: Dispatcher.DispatchController | undefined;
  #body: Readable | null | undefined;
  #replica = 0;
  #attempts = 0;

  constructor(req: IncomingMessage, res: ServerResponse, options: ForwardingOptions) {
    this.#req = req;
    this.#res = res;
    this.#options = options;
  }

  start(): void {
    // A client that goes away cancels its request at the replica.
    this.#res.once("close", () => {
      if (!this.#res.writableFinished) this.#controller?.abort(new Error("the client is gone"));
    });
    this.#tryNext();
  }

  #tryNext(): void {
    const { destinations, first, refuse } = this.#options;
    const destination = destinations[(first + this.#attempts) % destinations.length];
    if (destination === undefined || this.#attempts >= destinations.length) {
      refuse(this.#res, 503, "No replica is ready");
      return;
    }
    this.#attempts += 1;
    this.#replica = destination.number;
    const { url = "", method = "", rawHeaders, headers } = this.#req;
    this.#body ??= bodyOf(this.#req);
    destination.pool.dispatch(
      {
        path: url,
        method,
        headers: requestHeaders(rawHeaders, headers.connection),
        body: this.#body,
      },
      this,
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#res.closed) controller.abort(new Error("the client is gone"));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return;
    const res = this.#res;
    res.writeHead(status, responseHeaders(headers, this.#replica));
    // A stream may stay quiet after its head.
    if (headers["content-length"] === undefined) res.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#res.write(chunk)) return;
    controller.pause();
    this.#res.once("drain", () => controller.resume());
  }

  onResponseEnd(): void {
    if (this.#req.complete) this.#res.end();
    else endEarly(this.#res);
  }

  onResponseError(): void {
    const res = this.#res;
    if (res.closed) return;
    // Without a controller no byte of the request has left, so another replica may have it.
    // Otherwise the replica may have acted on it, and only its sender knows whether to repeat it.
    if (this.#controller === undefined) this.#tryNext();
    else if (res.headersSent) res.destroy();
    else this.#options.refuse(res, 502, `Replica ${this.#replica} broke off before it answered`);
  }
}

/**
 * The body to pass on. A replica may answer before all of a large one has come; undici then
 * destroys its source, which must not be the connection that the answer goes back on.
 */
function bodyOf(req: IncomingMessage): Readable | null {
  const { "content-length": length, "transfer-encoding": coding } = req.headers;
  if (coding === undefined && length === undefined) return null;
  return Number(length) <= smallBytes ? req : req.pipe(new PassThrough());
}

/** Names and values in turn. Headers that were sent twice stay so, for the replica to refuse. */
function requestHeaders(raw: readonly string[], connection: string | undefined): string[] {
  const named = namedBy(connection);
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    if (!hopByHop.has(name) && !named?.includes(name)) kept.push(name, raw[index + 1] as string);
  }
  return kept;
}

/** Names and values in turn, and who answered. */
function responseHeaders(headers: IncomingHttpHeaders, replica: number): string[] {
  const kept = ["x-lutra-replica", String(replica)];
  for (const name in headers) {
    const value = headers[name];
    if (hopByHop.has(name) || value === undefined) continue;
    if (typeof value === "string") kept.push(name, value);
    else for (const each of value) kept.push(name, each);
  }
  // A replica that did not read the whole body can't take another request on that connection.
  if (headers.connection === "close") kept.push("connection", "close");
  return kept;
}

/** Names in `Connection` belong to the connection, too. Most often there are none. */
function namedBy(connection: string | undefined): readonly string[] | undefined {
  if (connection === undefined || connection === "keep-alive" || connection === "close") return;
  return connection.split(",").map((name) => name.trim().toLowerCase());
}

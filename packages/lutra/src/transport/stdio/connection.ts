/**
 * The connection of a stdio server to its client.
 *
 * @spec basic/transports/stdio#sending-messages, basic/transports/stdio#shutdown
 */
import type { Socket } from "node:net";
import { cancelledRequestId } from "../../protocol/cancellation.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { Serve } from "../../protocol/exchange.ts";
import { encodeJSON, isObject, type JSONObject } from "../../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest, RequestId } from "../../protocol/json-rpc.ts";
import { encodeError, isRequest, parseMessage, readId } from "../../protocol/json-rpc.ts";
import { type DecodedJSON, decodeJSON, requireBounds } from "../../protocol/json-text.ts";
import { modernVersions } from "../../protocol/versioning.ts";
import { settlesWithin } from "../../time/within.ts";
import { Exchanges } from "./exchanges.ts";
import { type LoadLegacyProcess, StdioLegacy } from "./legacy.ts";
import type { LineWriter } from "./line-writer.ts";
import { createLineWriter } from "./line-writer.ts";
import { createLineReader } from "./lines.ts";
import type { CompleteServerOptions, StdioServer } from "./options.ts";
import { PacedLines } from "./paced-lines.ts";
import { guardStdout } from "./stdout-guard.ts";

export class Connection {
  readonly closed: Promise<void>;
  readonly #server: StdioServer;
  readonly #options: CompleteServerOptions;
  readonly #writer: LineWriter;
  readonly #exchanges: Exchanges;
  readonly #lines: PacedLines;
  readonly #legacy: StdioLegacy | undefined;
  readonly #releaseStdout: () => void;
  readonly #stopReading: () => void;
  /** Resolves when the output must be written within `graceMs`. */
  readonly #limited: Promise<void>;
  #resolveClosed: () => void = () => {};
  #limitOutput: () => void = () => {};
  #isClosing = false;
  #isPaused = false;
  #caughtUp: Promise<void> | undefined;

  constructor(server: StdioServer, options: CompleteServerOptions, load?: LoadLegacyProcess) {
    this.#server = server;
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#limited = new Promise((resolve) => {
      this.#limitOutput = resolve;
    });
    this.#writer = createLineWriter(options.output, options.maxBufferedBytes);
    this.#releaseStdout = options.output === process.stdout ? guardStdout() : () => {};
    this.#legacy = load && options.legacyVersions.length > 0 ? this.#createLegacy(load) : undefined;
    this.#exchanges = new Exchanges({
      serve: (request, context) => this.#serverFor(request).serve(request, context),
      principal: options.principal,
      versions: [...modernVersions, ...(load ? options.legacyVersions : [])],
      send: (json) => this.#send(json),
      maxInFlight: options.maxInFlight,
      maxWaitingBytes: options.maxLineBytes,
      onError: options.onError,
      onEnd: () => this.#pauseOrResume(),
    });
    const reader = createLineReader({
      onLine: (line) => this.#receive(line),
      onTooLong: () => this.#refuseLong(),
      maxLineBytes: options.maxLineBytes,
    });
    this.#lines = new PacedLines(reader, () => this.#pauseOrResume());
    this.#stopReading = this.#startReading();
  }

  #createLegacy(load: LoadLegacyProcess): StdioLegacy {
    const { legacyVersions: versions, onError } = this.#options;
    const send = (message: JSONObject) => this.#send(encodeJSON(message));
    const serve: Serve = (request, context) => this.#server.serve(request, context);
    return new StdioLegacy({ serve, versions, send, onError }, load);
  }

  /** Returns the server for a request: the legacy session for its own requests. */
  #serverFor(request: JSONRPCRequest): { readonly serve: Serve } {
    return this.#legacy?.takes(request) ? this.#legacy : this.#server;
  }

  /** Ends subscriptions gracefully, waits for requests in flight, and writes all output. */
  close(): Promise<void> {
    this.#limitOutput();
    this.#end();
    return this.closed;
  }

  /** Closes without a limit for the output: a client that ends its input may read later. */
  #end(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    void this.#shutDown();
  }

  #startReading(): () => void {
    const { input, output } = this.#options;
    const onData = (chunk: Uint8Array): void => {
      this.#lines.push(chunk);
      this.#pauseOrResume();
    };
    const close = (): void => void this.close();
    const end = (): void => {
      input.off("close", close);
      void this.#lines.idle().then(() => this.#end());
    };
    input.on("end", end);
    for (const event of ["close", "error"]) input.on(event, close);
    // Never removed: an error may be raised after the last write, and would end the process.
    for (const event of ["close", "error"]) output.on(event, close);
    input.on("data", onData);
    return () => {
      input.off("data", onData);
      input.off("end", end);
      input.off("close", close);
      input.pause();
      // A paused pipe may still read ahead, and would keep the process running.
      (input as Partial<Socket>).unref?.();
    };
  }

  #receive(line: Uint8Array): void {
    if (this.#isClosing) return;
    let decoded: DecodedJSON;
    try {
      decoded = decodeJSON(decoder.decode(line), this.#options.maxLineValues);
    } catch {
      this.#refuse(undefined, parseError("expected one line of JSON in UTF-8"));
      return;
    }
    const { value } = decoded;
    const bytes = line.length;
    this.#attempt(value, () => {
      requireBounds(decoded);
      if (this.#legacy?.takesBatch(value)) this.#receiveBatch(value, bytes);
      else this.#receiveMessage(value, bytes);
    });
  }

  /** Responds to each message of a batch on its own, as if each had a line of its own. */
  #receiveBatch(batch: readonly unknown[], bytes: number): void {
    for (const value of batch) {
      this.#attempt(value, () => this.#receiveMessage(value, Math.ceil(bytes / batch.length)));
    }
  }

  #receiveMessage(value: unknown, bytes: number): void {
    if (this.#legacy?.answer(value)) return;
    const message = parseMessage(value);
    if (isRequest(message)) this.#exchanges.accept(message, bytes);
    else this.#receiveNotification(message);
  }

  /** Handles a received value. Responds with the error, unless the value gets no response. */
  #attempt(value: unknown, handle: () => void): void {
    try {
      handle();
    } catch (thrown) {
      if (!isAnswerable(value)) return;
      this.#refuse(readId(value), ProtocolError.from(thrown));
    }
  }

  #receiveNotification(notification: JSONRPCNotification): void {
    this.#cancel(notification);
    this.#legacy?.notify(notification);
  }

  /** @spec basic/patterns/cancellation#error-handling */
  #cancel(notification: JSONRPCNotification): void {
    const id = cancelledRequestId(notification);
    if (id === undefined) return;
    const reason = notification.params?.reason;
    const detail = typeof reason === "string" ? `: ${reason}` : "";
    this.#exchanges.cancel(id, `The client cancelled the request${detail}`);
  }

  #refuseLong(): void {
    const { maxLineBytes } = this.#options;
    this.#refuse(undefined, parseError(`expected at most ${maxLineBytes} bytes in a message`));
  }

  #refuse(id: RequestId | undefined, error: ProtocolError): void {
    void this.#send(encodeError(id, error));
  }

  #send(json: string): void | Promise<void> {
    try {
      return this.#writer.write(json);
    } catch (thrown) {
      if (!this.#isClosing) this.#options.onError(thrown);
      void this.close();
    }
  }

  /** Pauses reading while the requests or the output exceed their limits. */
  #pauseOrResume(): void {
    if (this.#isClosing) return;
    const caughtUp = this.#writer.caughtUp();
    if (caughtUp !== undefined && caughtUp !== this.#caughtUp) {
      this.#caughtUp = caughtUp;
      void caughtUp.then(() => this.#pauseOrResume());
    }
    const pause = caughtUp !== undefined || this.#exchanges.isFull || this.#lines.isBusy;
    if (pause === this.#isPaused) return;
    this.#isPaused = pause;
    if (pause) this.#options.input.pause();
    else this.#options.input.resume();
  }

  async #shutDown(): Promise<void> {
    const { output, graceMs } = this.#options;
    this.#stopReading();
    this.#legacy?.close();
    await settlesWithin(graceMs, Promise.all([this.#exchanges.drain(), this.#closeServer()]));
    this.#exchanges.abort("The server shuts down");
    const flushed = this.#writer.flush();
    await Promise.race([flushed, this.#limited]);
    await settlesWithin(graceMs, flushed);
    this.#releaseStdout();
    if (output !== process.stdout) output.end();
    this.#resolveClosed();
  }

  async #closeServer(): Promise<void> {
    try {
      await this.#server.close();
    } catch (thrown) {
      this.#options.onError(thrown);
    }
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function parseError(message: string): ProtocolError {
  return new ProtocolError("parseError", message);
}

/**
 * Returns false for responses, which clients do not send, and for notifications. A client could
 * mistake an answer to one for the response to a request with the same id.
 *
 * @spec basic/index#notifications
 */
function isAnswerable(value: unknown): boolean {
  if (!isObject(value)) return true;
  if (typeof value.method === "string") return "id" in value;
  return !("result" in value || "error" in value);
}

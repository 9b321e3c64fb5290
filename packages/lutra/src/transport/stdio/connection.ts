/**
 * The connection of a stdio server to its client.
 *
 * @spec basic/transports/stdio#sending-messages, basic/transports/stdio#shutdown
 */
import type { Socket } from "node:net";
import { cancelledRequestId } from "../../protocol/cancellation.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import { isObject } from "../../protocol/json.ts";
import type { JSONRPCNotification, RequestId } from "../../protocol/json-rpc.ts";
import { encodeError, isRequest, parseMessage, readId } from "../../protocol/json-rpc.ts";
import { type DecodedJSON, decodeJSON, requireBounds } from "../../protocol/json-text.ts";
import { settlesWithin } from "../../time/within.ts";
import { Exchanges } from "./exchanges.ts";
import type { LineWriter } from "./line-writer.ts";
import { createLineWriter } from "./line-writer.ts";
import { createLineReader } from "./lines.ts";
import type { CompleteServerOptions, StdioServer } from "./options.ts";
import { guardStdout } from "./stdout-guard.ts";

export class Connection {
  readonly closed: Promise<void>;
  readonly #server: StdioServer;
  readonly #options: CompleteServerOptions;
  readonly #writer: LineWriter;
  readonly #exchanges: Exchanges;
  readonly #releaseStdout: () => void;
  readonly #stopReading: () => void;
  #resolveClosed: () => void = () => {};
  #isClosing = false;
  #isPaused = false;
  #caughtUp: Promise<void> | undefined;

  constructor(server: StdioServer, options: CompleteServerOptions) {
    this.#server = server;
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#writer = createLineWriter(options.output, options.maxBufferedBytes);
    this.#releaseStdout = options.output === process.stdout ? guardStdout() : () => {};
    this.#exchanges = new Exchanges({
      serve: (request, context) => server.serve(request, context),
      principal: options.principal,
      send: (json) => this.#send(json),
      maxInFlight: options.maxInFlight,
      maxWaitingBytes: options.maxLineBytes,
      onError: options.onError,
      onEnd: () => this.#pauseOrResume(),
    });
    this.#stopReading = this.#startReading();
  }

  /** Ends subscriptions gracefully, waits for requests in flight, and writes all output. */
  close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      void this.#shutDown();
    }
    return this.closed;
  }

  #startReading(): () => void {
    const { input, output, maxLineBytes } = this.#options;
    const { push } = createLineReader({
      onLine: (line) => this.#receive(line),
      onTooLong: () => {
        this.#refuse(undefined, parseError(`expected at most ${maxLineBytes} bytes in a message`));
      },
      maxLineBytes,
    });
    const onData = (chunk: Uint8Array): void => {
      push(chunk);
      this.#pauseOrResume();
    };
    const close = (): void => void this.close();
    for (const event of ["end", "close", "error"]) input.on(event, close);
    // Never removed: an error may be raised after the last write, and would end the process.
    for (const event of ["close", "error"]) output.on(event, close);
    input.on("data", onData);
    return () => {
      input.off("data", onData);
      for (const event of ["end", "close"]) input.off(event, close);
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
    try {
      requireBounds(decoded);
      const message = parseMessage(value);
      if (isRequest(message)) this.#exchanges.accept(message, line.length);
      else this.#cancel(message);
    } catch (thrown) {
      if (!isAnswerable(value)) return;
      this.#refuse(readId(value), ProtocolError.from(thrown));
    }
  }

  /** @spec basic/patterns/cancellation#error-handling */
  #cancel(notification: JSONRPCNotification): void {
    const id = cancelledRequestId(notification);
    if (id === undefined) return;
    const reason = notification.params?.reason;
    const detail = typeof reason === "string" ? `: ${reason}` : "";
    this.#exchanges.cancel(id, `The client cancelled the request${detail}`);
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
    const pause = caughtUp !== undefined || this.#exchanges.isFull;
    if (pause === this.#isPaused) return;
    this.#isPaused = pause;
    if (pause) this.#options.input.pause();
    else this.#options.input.resume();
  }

  async #shutDown(): Promise<void> {
    const { output, graceMs } = this.#options;
    this.#stopReading();
    await settlesWithin(graceMs, Promise.all([this.#exchanges.drain(), this.#closeServer()]));
    this.#exchanges.abort("The server shuts down");
    await settlesWithin(graceMs, this.#writer.flush());
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

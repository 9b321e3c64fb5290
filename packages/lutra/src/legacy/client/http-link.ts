/**
 * Streamable HTTP of the legacy revisions: a session by header, responses as streams that can be
 * resumed, and a standalone stream.
 *
 * @spec 2025-11-25/basic/transports#streamable-http, 2025-11-25/basic/transports#session-management
 */
import { asksForInitialize } from "../../protocol/earlier-revision.ts";
import { headerNames } from "../../protocol/http-headers.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import { isTransportError, TransportError } from "../../protocol/transport-error.ts";
import { delay } from "../../time/backoff.ts";
import { settlesWithin, within } from "../../time/within.ts";
import type { HttpClient } from "../../transport/http/client.ts";
import { isEventStream, isJSON } from "../../transport/http/media-type.ts";
import { isAnswer } from "../answer.ts";
import { discard, HttpRequests, type StreamPosition } from "./http-requests.ts";
import {
  type Link,
  type LinkExchange,
  type LinkListener,
  type Passing,
  SessionOver,
} from "./link.ts";

const sessionHeader = "mcp-session-id";
const lastEventHeader = "last-event-id";
/** Maximum number of attempts to resume a stream without a message between them. */
const maxResumptions = 8;
/** Pause before a stream is resumed when the server names none, in milliseconds. */
const resumePauseMs = 1000;
/** Maximum time for the response to DELETE, in milliseconds. */
const deleteMs = 2000;
/** Time without a response after which the standalone stream counts as open, in milliseconds. */
const openStreamMs = 5000;

/** A message that the server has refused. */
interface Refused {
  readonly signal: AbortSignal;
  /** True for the answer to a request of the server. */
  readonly isAnswer: boolean;
}

/** The reader of one stream, over the responses that carry it. */
interface StreamReader {
  readonly signal: AbortSignal;
  readonly onMessage: (message: unknown) => void;
  /** Returns true when all messages have arrived. */
  readonly isComplete: () => boolean;
}

export class HttpLink implements Link {
  readonly #requests: HttpRequests;
  readonly #listener: LinkListener;
  readonly #closed = new AbortController();
  #sessionId: string | undefined;
  #version: string | undefined;
  #stream: Promise<boolean> | undefined;
  /** The stream of which it is known whether it is open. */
  #knownStream: Promise<boolean> | undefined;

  constructor(client: HttpClient, send: typeof fetch, listener: LinkListener) {
    this.#requests = new HttpRequests(client, send);
    this.#listener = listener;
  }

  setVersion(version: string): void {
    this.#version = version;
  }

  async send(message: JSONObject, exchange?: LinkExchange): Promise<void> {
    const signal = exchange?.signal ?? this.#closed.signal;
    const headers = this.#headers();
    const fetch = exchange?.send;
    const response = await this.#requests.send({ method: "POST", headers, message, signal, fetch });
    if (!response.ok) throw await this.#refusal(response, { signal, isAnswer: isAnswer(message) });
    // The session begins with the first response; see `initialize`.
    if (this.#version === undefined) {
      this.#sessionId ??= response.headers.get(sessionHeader) ?? undefined;
    }
    if (exchange === undefined) discard(response);
    else await this.#readResponse(message, response, exchange);
  }

  get passing(): Passing | undefined {
    if (this.#version === undefined) return undefined;
    const hasStream = this.#stream !== undefined && this.#stream === this.#knownStream;
    return { headers: this.#headers(), hasStream };
  }

  openStream(): Promise<boolean> {
    if (this.#stream !== undefined) return this.#stream;
    const stream = this.#openStream();
    this.#stream = stream;
    const know = (): void => {
      this.#knownStream = stream;
    };
    void stream.then(know, () => {});
    return stream;
  }

  /** @spec 2025-11-25/basic/transports#session-management */
  async close(): Promise<void> {
    this.#closed.abort(new TransportError("closed", "The transport was closed"));
    if (this.#sessionId === undefined) return;
    const headers = this.#headers();
    const tooLate = () => new TransportError("timeout", "No response to DELETE");
    // A server may refuse to end sessions, or be unreachable.
    await within({ ms: deleteMs, tooLate }, async (signal) =>
      discard(await this.#requests.send({ method: "DELETE", headers, signal })),
    ).catch(() => {});
  }

  async #readResponse(
    { id, method }: JSONObject,
    response: Response,
    { signal, onMessage }: LinkExchange,
  ): Promise<void> {
    let hasAnswer = false;
    const receive = (message: unknown): void => {
      const all = Array.isArray(message) ? message : [message];
      hasAnswer ||= all.some((one) => isObject(one) && one.id === id && !("method" in one));
      onMessage(message);
    };
    const type = response.headers.get("content-type");
    if (isEventStream(type)) {
      const isComplete = () => hasAnswer;
      await this.#follow(response, { signal, onMessage: receive, isComplete });
    } else if (isJSON(type)) receive(await this.#requests.readJSON(response, signal));
    else {
      discard(response);
      const got = type ?? `no Content-Type (HTTP status ${response.status})`;
      throw this.#requests.malformed(`expected JSON or an event stream, got ${got}`);
    }
    if (!hasAnswer) throw this.#requests.malformed(`expected a response to ${String(method)}`);
  }

  /**
   * Reads a stream, and resumes it when it ends too early.
   *
   * @spec 2025-11-25/basic/transports#resumability-and-redelivery
   */
  async #follow(first: Response, { signal, onMessage, isComplete }: StreamReader): Promise<void> {
    const position: StreamPosition = { lastEventId: undefined, retryMs: resumePauseMs };
    let response = first;
    let attempts = 0;
    for (;;) {
      const onEvent = (type: string, data: string): void => {
        if (type !== "" && type !== "message") return;
        attempts = 0;
        onMessage(this.#requests.decode(data));
      };
      const failure = await this.#requests.readEvents(response, { signal, position, onEvent }).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (isComplete()) return;
      const isBroken = failure === undefined || isClosed(failure);
      attempts += 1;
      if (!isBroken || position.lastEventId === undefined || attempts > maxResumptions) {
        throw failure ?? this.#ended();
      }
      await delay(position.retryMs, signal);
      response = await this.#resume(position.lastEventId, signal);
    }
  }

  async #resume(lastEventId: string, signal: AbortSignal): Promise<Response> {
    const headers = {
      ...this.#headers(),
      accept: "text/event-stream",
      [lastEventHeader]: lastEventId,
    };
    const response = await this.#requests.send({ method: "GET", headers, signal });
    if (response.ok && isEventStream(response.headers.get("content-type"))) return response;
    discard(response);
    throw this.#ended();
  }

  async #openStream(): Promise<boolean> {
    const { signal } = this.#closed;
    const headers = { ...this.#headers(), accept: "text/event-stream" };
    const opening = this.#requests.send({ method: "GET", headers, signal });
    try {
      if (await settlesWithin(openStreamMs, opening)) return await this.#enterStream(opening);
    } catch (error) {
      this.#stream = undefined;
      throw error;
    }
    // A server or a proxy may send the head with the first event only.
    void this.#enterLate(opening);
    return true;
  }

  /** Reads the standalone stream from its head on. Resolves to false for a server without one. */
  async #enterStream(opening: Promise<Response>): Promise<boolean> {
    const { signal } = this.#closed;
    const response = await opening;
    if (response.ok && isEventStream(response.headers.get("content-type"))) {
      void this.#followStandalone(response, signal);
      return true;
    }
    const error = await this.#requests.readError(response, signal);
    if (mayPass(response.status)) throw error;
    // A server without the stream answers with this status, as does one that has forgotten the session.
    if (response.status === 404) await this.#requireSession();
    else if (response.status !== 405) this.#stream = undefined;
    return false;
  }

  /** Enters a stream that counts as open already. */
  async #enterLate(opening: Promise<Response>): Promise<void> {
    try {
      if (await this.#enterStream(opening)) return;
      this.#stream &&= Promise.resolve(false);
      this.#listener.onGap(this.#requests.malformed("expected an event stream"));
    } catch (error) {
      this.#stream = undefined;
      if (!this.#closed.signal.aborted) this.#listener.onGap(error);
    }
  }

  /** @throws {SessionOver} when the server no longer knows the session */
  async #requireSession(): Promise<void> {
    if (this.#sessionId === undefined) return;
    const ping = { jsonrpc: "2.0", id: "stream", method: "ping" };
    const exchange = { signal: this.#closed.signal, onMessage: () => {} };
    const tooLate = () => new TransportError("timeout", "No answer to ping");
    await within({ ms: openStreamMs, tooLate }, () => this.send(ping, exchange));
  }

  async #followStandalone(response: Response, signal: AbortSignal): Promise<void> {
    const { onMessage, onGap } = this.#listener;
    try {
      await this.#follow(response, { signal, onMessage, isComplete: () => signal.aborted });
    } catch (error) {
      this.#stream = undefined;
      if (!signal.aborted) onGap(error);
    }
  }

  #headers(): Record<string, string> {
    return {
      ...(this.#version !== undefined && { [headerNames.version]: this.#version }),
      ...(this.#sessionId !== undefined && { [sessionHeader]: this.#sessionId }),
    };
  }

  async #refusal(response: Response, { signal, isAnswer }: Refused): Promise<Error> {
    const error = await this.#requests.readError(response, signal);
    const isOpen = this.#version !== undefined;
    // A server that refuses an answer alone may mention the session, too.
    const mayAsk = response.status === 404 || (response.status === 400 && !isAnswer);
    const isForgotten =
      (response.status === 404 && this.#sessionId !== undefined) ||
      (mayAsk && asksForInitialize(error));
    return isOpen && isForgotten ? new SessionOver(this.#requests.client.address, error) : error;
  }

  #ended(): TransportError {
    const { address } = this.#requests.client;
    return new TransportError("closed", `${address}: the event stream ended before the response`);
  }
}

/** Returns true for the status of a refusal that says nothing about the stream. */
function mayPass(status: number): boolean {
  return status >= 500 || [401, 403, 408, 429].includes(status);
}

function isClosed(error: unknown): boolean {
  return isTransportError(error) && error.reason === "closed";
}

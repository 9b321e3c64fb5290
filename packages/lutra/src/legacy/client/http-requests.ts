/**
 * The HTTP requests of the legacy transports, with the bounds of `HttpTransportOptions`.
 *
 * @spec 2025-11-25/basic/transports#streamable-http
 */
import { type ErrorHead, ProtocolError } from "../../protocol/errors.ts";
import { encodeJSON, isObject, type JSONObject } from "../../protocol/json.ts";
import { decodeJSON } from "../../protocol/json-text.ts";
import { isTransportError, TransportError } from "../../protocol/transport-error.ts";
import { abortError } from "../../time/abort.ts";
import { parseRetryAfter } from "../../time/retry-after.ts";
import { ByteBuffer } from "../../transport/byte-buffer.ts";
import { type HttpClient, userHeaders } from "../../transport/http/client.ts";
import { isJSON } from "../../transport/http/media-type.ts";
import { createEventReader } from "../../transport/http/read-events.ts";

/** Maximum size of the body of an error response that is read, in bytes. */
const maxErrorBytes = 65_536;

const decoder = new TextDecoder();

/** An HTTP request without the headers of the client. */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url?: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: JSONObject;
  readonly signal: AbortSignal;
  /** Sends the request in place of the `fetch` of all requests. */
  readonly fetch?: typeof fetch | undefined;
}

/** The position in a stream from which it can be resumed. */
export interface StreamPosition {
  lastEventId: string | undefined;
  /** Pause before the stream is resumed, in milliseconds. */
  retryMs: number;
}

/** Minimum pause before a stream is resumed, in milliseconds, whatever the server asks for. */
const minResumePauseMs = 100;
/** Maximum of the same pause. */
const maxResumePauseMs = 60_000;

export class HttpRequests {
  readonly client: HttpClient;
  readonly #fetch: typeof fetch;

  constructor(client: HttpClient, send: typeof fetch) {
    this.client = client;
    this.#fetch = send;
  }

  /** Sends a request. It does not follow redirects. */
  async send({ method, url, headers, message, signal, fetch }: HttpRequest): Promise<Response> {
    const { client } = this;
    const dynamic = (await client.dynamicHeaders?.()) ?? {};
    const flat = [...client.staticHeaders, ...userHeaders(dynamic)];
    const all = new Map<string, string>();
    for (let i = 0; i < flat.length; i += 2) {
      all.set((flat[i] as string).toLowerCase(), flat[i + 1] as string);
    }
    if (message === undefined) all.delete("content-type");
    for (const [name, value] of Object.entries(headers ?? {})) all.set(name, value);
    const body = message === undefined ? null : encodeJSON(message);
    const target = (url ?? client.url).href;
    // Browsers refuse calls of `fetch` as a method of another object.
    const send = fetch ?? this.#fetch;
    try {
      const init = { method, headers: [...all], body, signal, redirect: "manual" } as const;
      return await send(target, init as unknown as RequestInit);
    } catch (cause) {
      throw this.connectionError(cause, signal);
    }
  }

  /** Reads a body that is one JSON value. */
  async readJSON(response: Response, signal: AbortSignal): Promise<unknown> {
    const text = await this.#readText(response, this.client.maxResponseBytes, signal);
    return this.decode(text);
  }

  decode(text: string): unknown {
    try {
      const { value, excess } = decodeJSON(
        text,
        this.client.maxResponseValues,
        "maxResponseValues",
      );
      if (excess === undefined) return value;
      throw this.malformed(excess);
    } catch (cause) {
      throw isTransportError(cause) ? cause : this.malformed("invalid JSON");
    }
  }

  /** Reads an event stream to its end. Keeps `position` up to date. */
  async readEvents(response: Response, { signal, position, onEvent }: ReadEvents): Promise<void> {
    let id = position.lastEventId;
    const { read } = createEventReader(() => {}, this.client.maxResponseBytes, {
      onField: (name, value) => {
        if (name === "id" && isHeaderValue(value)) id = value;
        if (name === "retry" && /^\d{1,9}$/.test(value)) {
          const pause = Math.max(Number(value), minResumePauseMs);
          position.retryMs = Math.min(pause, maxResumePauseMs);
        }
      },
      onEvent: (type, data) => {
        position.lastEventId = id;
        if (data !== "") onEvent(type, data);
      },
    });
    const stream = response.body?.getReader();
    if (stream === undefined) return;
    // Not every implementation of `fetch` ends the body with the signal.
    const cancel = () => void stream.cancel().catch(() => {});
    signal.addEventListener("abort", cancel);
    try {
      for (;;) {
        const { done, value } = await stream.read().catch((cause) => {
          throw this.connectionError(cause, signal);
        });
        if (signal.aborted) throw abortError(signal);
        if (done) return;
        read(value);
      }
    } catch (error) {
      cancel();
      throw error;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  /** Reads an error response. Returns the error of the server, or that of its HTTP status. */
  async readError(response: Response, signal: AbortSignal): Promise<Error> {
    const { status, headers } = response;
    const header = (name: string) => headers.get(name) ?? undefined;
    const date = header("date");
    const retryAfterMs = parseRetryAfter(header("retry-after"), { date });
    const challenge = header("www-authenticate");
    if (isJSON(header("content-type"))) {
      const text = await this.#readText(response, maxErrorBytes, signal).catch(() => "");
      const error = peerError(text, { status, retryAfterMs, challenge });
      if (error !== undefined) return error;
    } else discard(response);
    const message = `${this.client.address}: HTTP status ${status} without a JSON-RPC error`;
    return new TransportError("http", message, { status, retryAfterMs, challenge });
  }

  async #readText(response: Response, maxBytes: number, signal: AbortSignal): Promise<string> {
    const body = new ByteBuffer();
    const stream = response.body?.getReader();
    for (;;) {
      const { done = true, value } =
        (await stream?.read().catch((cause) => {
          throw this.connectionError(cause, signal);
        })) ?? {};
      if (done || value === undefined) return decoder.decode(body.bytes());
      if (body.length + value.length > maxBytes) {
        void stream?.cancel().catch(() => {});
        throw this.malformed(`expected at most ${maxBytes} bytes`);
      }
      body.append(value);
    }
  }

  malformed(problem: string): TransportError {
    return new TransportError("malformed", `${this.client.address}: response: ${problem}`);
  }

  connectionError(cause: unknown, signal: AbortSignal): TransportError {
    if (signal.aborted) return abortError(signal);
    if (isTransportError(cause)) return cause;
    const message = `${this.client.address}: the connection failed before the response`;
    return new TransportError("closed", message, { cause });
  }
}

export interface ReadEvents {
  readonly signal: AbortSignal;
  readonly position: StreamPosition;
  readonly onEvent: (type: string, data: string) => void;
}

/** Ends a response whose body is of no interest. */
export function discard(response: Response): void {
  void response.body?.cancel().catch(() => {});
}

/** Ids travel in a header, which can't carry all characters. */
function isHeaderValue(id: string): boolean {
  return /^[\x20-\x7e]{1,1024}$/.test(id);
}

function peerError(text: string, head: ErrorHead): ProtocolError | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return isObject(message) ? ProtocolError.fromWire(message.error, head) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * HTTP+SSE, the transport of 2024-11-05: one stream for all messages of the server, and an endpoint
 * for those of the client. Deprecated; used for servers without Streamable HTTP.
 *
 * @spec basic/transports/streamable-http#httpsse-transport-2024-11-05
 */

import type { JSONObject } from "../../protocol/json.ts";
import { parseURL } from "../../protocol/parse-url.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { within } from "../../time/within.ts";
import type { HttpClient } from "../../transport/http/client.ts";
import { isEventStream } from "../../transport/http/media-type.ts";
import { discard, HttpRequests } from "./http-requests.ts";
import type { Link, LinkExchange, LinkListener } from "./link.ts";

/** Maximum time for the event that names the endpoint, in milliseconds. */
const endpointMs = 10_000;

/** Opens the stream of a server, and waits for its endpoint. */
export async function openSseLink(
  client: HttpClient,
  send: typeof fetch,
  listener: LinkListener,
): Promise<Link> {
  const link = new SseLink(client, send, listener);
  await link.open();
  return link;
}

class SseLink implements Link {
  readonly #requests: HttpRequests;
  readonly #listener: LinkListener;
  readonly #closed = new AbortController();
  #endpoint: URL | undefined;

  constructor(client: HttpClient, send: typeof fetch, listener: LinkListener) {
    this.#requests = new HttpRequests(client, send);
    this.#listener = listener;
  }

  async open(): Promise<void> {
    const { address } = this.#requests.client;
    const tooLate = () => new TransportError("timeout", `${address}: no endpoint event`);
    try {
      await within({ ms: endpointMs, tooLate }, () => this.#connect());
    } catch (error) {
      this.#closed.abort(error);
      throw error;
    }
  }

  setVersion(): void {}

  async send(message: JSONObject, exchange?: LinkExchange): Promise<void> {
    const signal = exchange?.signal ?? this.#closed.signal;
    const url = this.#endpoint as URL;
    const response = await this.#requests.send({ method: "POST", url, message, signal });
    if (!response.ok) throw await this.#requests.readError(response, signal);
    discard(response);
  }

  async openStream(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {
    this.#closed.abort(new TransportError("closed", "The transport was closed"));
  }

  /** Resolves with the endpoint, and reads on until the stream ends. */
  async #connect(): Promise<void> {
    const { signal } = this.#closed;
    const headers = { accept: "text/event-stream" };
    const response = await this.#requests.send({ method: "GET", headers, signal });
    if (!response.ok) throw await this.#requests.readError(response, signal);
    if (!isEventStream(response.headers.get("content-type"))) {
      discard(response);
      throw this.#requests.malformed("expected an event stream");
    }
    await new Promise<void>((resolve, reject) => {
      const onEvent = (type: string, data: string): void => {
        if (type === "endpoint") this.#setEndpoint(data, resolve, reject);
        else if (type === "" || type === "message") {
          this.#listener.onMessage(this.#requests.decode(data));
        }
      };
      const position = { lastEventId: undefined, retryMs: 0 };
      const end = (cause: unknown): void => {
        const message = `${this.#requests.client.address}: the event stream ended`;
        const error = new TransportError("closed", message, { cause });
        reject(error);
        if (!signal.aborted) this.#listener.onEnd(error);
      };
      void this.#requests.readEvents(response, { signal, position, onEvent }).then(end, end);
    });
  }

  /** Sets the endpoint. One of another origin would receive the credentials of this one. */
  #setEndpoint(data: string, resolve: () => void, reject: (error: unknown) => void): void {
    const { url } = this.#requests.client;
    const endpoint = parseURL(data, url);
    if (endpoint?.origin !== url.origin) {
      reject(this.#requests.malformed("the endpoint event names another origin"));
      return;
    }
    this.#endpoint ??= endpoint;
    resolve();
  }
}

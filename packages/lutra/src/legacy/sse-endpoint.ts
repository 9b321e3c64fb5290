/**
 * HTTP+SSE, the transport of 2024-11-05, as a deprecated option of a server. The URL of the endpoint
 * event contains a sealed token, so a client may post its messages to any replica: one that does not
 * have the stream passes them on over the event bus.
 *
 * @spec 2024-11-05/basic/transports#http-with-sse
 */
import { isProtocolError, ProtocolError } from "../protocol/errors.ts";
import type { Principal, Serve } from "../protocol/exchange.ts";
import { isObject, type JSONObject, sizeOfJSON } from "../protocol/json.ts";
import { randomId } from "../server/random-id.ts";
import type { Sealer } from "../server/seal.ts";
import {
  type LegacyExchange,
  streamParameter,
  streamTokenIn,
} from "../transport/http/legacy-hook.ts";
import type { Channel } from "./channel.ts";
import { accepted } from "./http-call.ts";
import { sessionNotFound } from "./legacy-error.ts";
import { type Caller, parseCaller, SseConnection } from "./sse-connection.ts";

export interface SseEndpointOptions {
  readonly serve: Serve;
  /** The legacy versions that are served, the newest first. */
  readonly versions: readonly string[];
  readonly sealer: () => Sealer;
  readonly channel: Channel;
  readonly onError: (error: unknown) => void;
}

/** Maximum number of streams that are open at once. */
const maxStreams = 10_000;
/** Maximum number of messages that wait for the replica of their stream. */
const maxRelayed = 1000;
/** Maximum size of a message that is passed on to another replica, in bytes. */
const maxRelayedBytes = 1_048_576;
/** Maximum size of the messages that wait for the replica of their stream, in bytes. */
const maxRelayedTotal = 33_554_432;
/** Time on a working bus after which no replica has the stream of a message, in milliseconds. */
const relayMs = 3000;
/** Time for which the URL of a stream can be used, in milliseconds (7 days). */
const tokenTtlMs = 604_800_000;

export class SseEndpoint {
  readonly #options: SseEndpointOptions;
  readonly #connections = new Map<string, SseConnection>();
  /** The messages that wait for the replica of their stream, and their size in bytes. */
  readonly #relayed = { count: 0, bytes: 0 };
  /** Identifies this replica in the tokens of its streams. */
  readonly #replica = randomId(9);

  constructor(options: SseEndpointOptions) {
    this.#options = options;
    options.channel.take("sse", (message) => this.#receiveRelayed(message));
  }

  /** Opens the stream of a client. Its first event names the URL for the client's messages. */
  async open(exchange: LegacyExchange): Promise<void> {
    if (this.#connections.size >= maxStreams) throw tooManyStreams();
    const { serve, versions, sealer, onError } = this.#options;
    const key = randomId();
    const expiresAt = Date.now() + tokenTtlMs;
    const value = { k: key, r: this.#replica, e: expiresAt };
    const token = await sealer().seal(value, bindingOf(exchange.principal));
    const sink = exchange.stream(() => {
      this.#connections.get(key)?.close();
      this.#connections.delete(key);
    });
    this.#connections.set(key, new SseConnection({ serve, versions, sink, onError }));
    const [path] = exchange.target.split("?", 1);
    void sink.write(`event: endpoint\ndata: ${path}?${streamParameter}=${token}\n\n`);
  }

  /** Accepts a message for a stream, which is that of this or another replica. */
  async post(received: unknown, exchange: LegacyExchange): Promise<void> {
    const { key, replica } = await this.#stream(exchange);
    const { principal, address } = exchange;
    const connection = this.#connections.get(key);
    if (connection !== undefined) connection.receive(received, { principal, address });
    else if (replica === this.#replica) throw this.#notFound();
    else await this.#relay(key, received, { principal, address });
    exchange.respond(accepted);
  }

  async #stream({
    target,
    principal,
  }: LegacyExchange): Promise<{ readonly key: string; readonly replica: unknown }> {
    const token = streamTokenIn(target) ?? "";
    const value = await this.#options.sealer().open(token, bindingOf(principal));
    if (!isObject(value) || typeof value.k !== "string") throw this.#notFound();
    if (!(Number(value.e) > Date.now())) throw this.#notFound();
    return { key: value.k, replica: value.r };
  }

  /** Passes a message on. Resolves once the replica that has the stream has accepted it. */
  async #relay(key: string, received: unknown, caller: Caller): Promise<void> {
    const bytes = sizeOfJSON(received, maxRelayedBytes);
    if (bytes > maxRelayedBytes) throw tooLargeToRelay();
    const relayed = this.#relayed;
    if (relayed.count >= maxRelayed || relayed.bytes + bytes > maxRelayedTotal) throw busy();
    relayed.count += 1;
    relayed.bytes += bytes;
    const message = { key, received, ...caller } as JSONObject;
    const { outcome, reply } = await this.#options.channel.deliver("sse", message, relayMs);
    relayed.count -= 1;
    relayed.bytes -= bytes;
    if (outcome === "untaken") throw this.#notFound();
    if (outcome === "interrupted") throw notConfirmed();
    if (isObject(reply?.error)) throw relayedError(reply.error);
  }

  #receiveRelayed({ key, received, ...caller }: JSONObject): JSONObject | undefined {
    const connection = this.#connections.get(String(key));
    if (connection === undefined) return undefined;
    try {
      connection.receive(received, parseCaller(caller));
      return {};
    } catch (thrown) {
      if (!isProtocolError(thrown)) this.#options.onError(thrown);
      const { message: text, status } = ProtocolError.from(thrown);
      return { error: { text, status } };
    }
  }

  #notFound(): ProtocolError {
    return sessionNotFound(this.#options.versions);
  }
}

function bindingOf(principal: Principal | undefined): string {
  return principal === undefined ? "legacy stream" : `legacy stream of ${principal.id}`;
}

function relayedError({ text, status }: JSONObject): ProtocolError {
  return new ProtocolError("invalidRequest", String(text), { status: Number(status) });
}

function tooManyStreams(): ProtocolError {
  return new ProtocolError(
    "invalidRequest",
    `HTTP+SSE: expected at most ${maxStreams} open streams; use Streamable HTTP`,
    { status: 503 },
  );
}

function tooLargeToRelay(): ProtocolError {
  return new ProtocolError(
    "invalidRequest",
    `HTTP+SSE: expected at most ${maxRelayedBytes} bytes in a message to a stream of another replica`,
    { status: 413 },
  );
}

function busy(): ProtocolError {
  return new ProtocolError(
    "invalidRequest",
    "HTTP+SSE: too many messages wait for other replicas; send it again later",
    { status: 503 },
  );
}

function notConfirmed(): ProtocolError {
  return new ProtocolError(
    "invalidRequest",
    "HTTP+SSE: the replica with the stream did not confirm the message, because the event bus is " +
      "interrupted; it may have been executed",
    { status: 503 },
  );
}

/**
 * The legacy Streamable HTTP transport, independent of the HTTP server: messages that a client posts,
 * its standalone stream, and the end of its session.
 *
 * @spec 2025-11-25/basic/transports#streamable-http
 */
import { chain, isThenable } from "../protocol/chain.ts";
import { isProtocolError, ProtocolError } from "../protocol/errors.ts";
import { headerNames } from "../protocol/http-headers.ts";
import { isObject, type JSONObject } from "../protocol/json.ts";
import {
  encodeError,
  encodeResult,
  isRequest,
  type JSONRPCRequest,
  parseMessage,
  type RequestId,
  readId,
} from "../protocol/json-rpc.ts";
import { isTransportError } from "../protocol/transport-error.ts";
import { initializeMethod } from "../protocol/versioning.ts";
import {
  type LegacyEndpoint,
  type LegacyExchange,
  type LegacyOptions,
  type LegacyResponse,
  streamTokenIn,
} from "../transport/http/legacy-hook.ts";
import { isAnswer } from "./answer.ts";
import { contextOf } from "./call-context.ts";
import { accepted, type CallResponse, HttpCall } from "./http-call.ts";
import { isFeedEvent, openHttpFeed } from "./http-feed.ts";
import { sessionNotFound, toLegacyError } from "./legacy-error.ts";
import {
  LegacyServer,
  type LegacyServerOptions,
  type Link,
  type ServedLegacy,
} from "./legacy-server.ts";
import { RemoteStreams } from "./remote-streams.ts";
import { ResumableStreams } from "./resumable-stream.ts";
import { hasBatches } from "./revisions.ts";
import type { Session } from "./session.ts";
import { SseEndpoint } from "./sse-endpoint.ts";

/** Maximum number of messages in a batch. */
const maxBatch = 100;

type EndpointOptions = LegacyServerOptions & Pick<LegacyOptions, "onMessage" | "httpSse">;

export class LegacyHttpEndpoint implements LegacyEndpoint {
  readonly #server: LegacyServer;
  readonly #streams = new ResumableStreams();
  readonly #remote: RemoteStreams;
  readonly #options: EndpointOptions;
  readonly #sse: SseEndpoint | undefined;

  constructor(server: ServedLegacy, options: EndpointOptions) {
    this.#server = new LegacyServer(server, options);
    this.#options = options;
    const { versions, onError, httpSse } = options;
    const { channel, sealer } = this.#server;
    this.#remote = new RemoteStreams(channel, this.#streams);
    if (httpSse) this.#sse = new SseEndpoint({ ...server, versions, channel, sealer, onError });
  }

  async post(received: unknown, exchange: LegacyExchange): Promise<void> {
    try {
      const isOfStream = this.#sse !== undefined && streamTokenIn(exchange.target) !== undefined;
      if (isOfStream) return await this.#sse?.post(received, exchange);
      if (isInitialize(received)) return await this.#initialize(received, exchange);
      const found = this.#session(exchange, received);
      const session = isThenable(found) ? await found : found;
      if (Array.isArray(received)) return await this.#batch(received, session, exchange);
      if (isAnswer(received)) return exchange.respond(await this.#answer(received, session));
      const message = parseMessage(received);
      if (isRequest(message)) {
        const call = new HttpCall(session, exchange, this.#streams);
        return call.end(await this.#respond(message, session, call.link()));
      }
      this.#server.accept(message, session);
      exchange.respond(accepted);
    } catch (thrown) {
      this.#refuse(thrown, readId(received), exchange);
    }
  }

  async get(exchange: LegacyExchange): Promise<void> {
    try {
      const isOfSession = exchange.header("mcp-session-id") !== undefined;
      if (this.#sse !== undefined && !isOfSession) return await this.#sse.open(exchange);
      const session = await this.#session(exchange);
      const last = exchange.header("last-event-id");
      const isResumed = last !== undefined;
      if (isResumed && !isFeedEvent(last)) await this.#resume(last, session, exchange);
      else await openHttpFeed(this.#server, { session, exchange }, isResumed);
    } catch (thrown) {
      this.#refuse(thrown, undefined, exchange);
    }
  }

  async delete(exchange: LegacyExchange): Promise<void> {
    try {
      await this.#server.end(await this.#session(exchange));
      exchange.respond({ status: 204 });
    } catch (thrown) {
      this.#refuse(thrown, undefined, exchange);
    }
  }

  receive(event: JSONObject): void {
    this.#server.receive(event);
  }

  async #initialize(request: JSONRPCRequest, exchange: LegacyExchange): Promise<void> {
    parseMessage(request);
    const { signal } = new AbortController();
    const context = { ...contextOf(exchange), signal };
    const { session, result } = await this.#server.open(request, context);
    this.#options.onMessage?.({ session, received: request, members: exchange.members });
    const token = await this.#server.tokens.seal(session, exchange.principal);
    exchange.respond({
      status: 200,
      headers: { "mcp-session-id": token },
      json: encodeResult(request.id, result),
    });
  }

  /** @spec 2025-11-25/basic/transports#session-management */
  #session(
    { header, principal, members }: LegacyExchange,
    received?: unknown,
  ): Session | Promise<Session> {
    const token = header("mcp-session-id");
    const { versions } = this.#server;
    requireServed(header(headerNames.version), versions);
    if (token === undefined) throw sessionMissing(versions);
    return chain(this.#server.tokens.open(token, principal), (session) => {
      if (session === undefined || !versions.includes(session.version)) {
        throw sessionNotFound(versions);
      }
      return chain(this.#server.changes.of(session), ({ hasEnded }) => {
        if (hasEnded) throw sessionNotFound(versions);
        this.#options.onMessage?.({ session, received, members });
        return session;
      });
    });
  }

  /** @spec 2025-03-26/basic/transports#sending-messages-to-the-server */
  async #batch(
    batch: readonly unknown[],
    session: Session,
    exchange: LegacyExchange,
  ): Promise<void> {
    requireBatch(batch, session);
    const requests: JSONRPCRequest[] = [];
    const refusals: CallResponse[] = [];
    const answers: Promise<unknown>[] = [];
    for (const value of batch) {
      if (isAnswer(value)) {
        answers.push(this.#answer(value, session).catch(() => {}));
        continue;
      }
      try {
        const message = parseMessage(value);
        if (isRequest(message)) requests.push(message);
        else this.#server.accept(message, session);
      } catch (thrown) {
        const json = encodeError(readId(value), this.#maskError(thrown));
        refusals.push({ json, status: 200 });
      }
    }
    const call = new HttpCall(session, exchange, this.#streams);
    const respond = (request: JSONRPCRequest) => this.#respond(request, session, call.link());
    const responses = await Promise.all(requests.map(respond));
    await Promise.all(answers);
    call.endBatch([...refusals, ...responses]);
  }

  async #answer(answer: JSONObject, { key }: Session): Promise<LegacyResponse> {
    return (await this.#server.answers.receive(key, answer)) ? accepted : { status: 503 };
  }

  /** Resolves to undefined for a request that was cancelled, also if its handler has ended since. */
  async #respond(
    request: JSONRPCRequest,
    session: Session,
    link: Link,
  ): Promise<CallResponse | undefined> {
    let response: CallResponse;
    try {
      const result = await this.#server.serve(request, session, link);
      response = { json: encodeResult(request.id, result), status: 200 };
    } catch (thrown) {
      const error = this.#maskError(toLegacyError(thrown, request));
      const { status, challenge } = error;
      const headers = challenge === undefined ? {} : { "www-authenticate": challenge };
      response = { json: encodeError(request.id, error), status, headers };
    }
    return link.cancellation.isAborted ? undefined : response;
  }

  /** @spec 2025-11-25/basic/transports#resumability-and-redelivery */
  async #resume(lastEventId: string, session: Session, exchange: LegacyExchange): Promise<void> {
    const found = this.#streams.find(lastEventId, session.key);
    if (found === undefined) {
      if (await this.#remote.resume(lastEventId, session.key, exchange)) return;
      const shown = lastEventId.slice(0, 64);
      const message = `Last-Event-ID: the events after ${shown} are not available; send the request again if it may run twice`;
      throw new ProtocolError("invalidRequest", message);
    }
    const { stream, after } = found;
    const sink = exchange.stream((isComplete) => stream.detach(sink, isComplete));
    stream.attach(sink, after);
  }

  #refuse(thrown: unknown, id: RequestId | undefined, exchange: LegacyExchange): void {
    const error = this.#maskError(thrown);
    exchange.respond({ status: error.status, json: encodeError(id, error) });
  }

  #maskError(thrown: unknown): ProtocolError {
    if (!isProtocolError(thrown) && !isTransportError(thrown)) this.#options.onError(thrown);
    return ProtocolError.from(thrown);
  }
}

/** @spec 2025-11-25/basic/transports#protocol-version-header */
function requireServed(version: string | undefined, served: readonly string[]): void {
  if (version === undefined || served.includes(version)) return;
  throw new ProtocolError(
    "invalidRequest",
    `MCP-Protocol-Version: expected one of ${served.join(", ")} in a session`,
  );
}

function sessionMissing(versions: readonly string[]): ProtocolError {
  const remedy = `send initialize first (this server supports ${versions.join(", ")})`;
  return new ProtocolError("invalidRequest", `Mcp-Session-Id: missing; ${remedy}`);
}

function requireBatch(batch: readonly unknown[], { version }: Session): void {
  const isAllowed = hasBatches(version);
  if (isAllowed && batch.length > 0 && batch.length <= maxBatch) return;
  const expected = isAllowed
    ? `1 to ${maxBatch} messages`
    : `one message, as MCP ${version} requires`;
  throw new ProtocolError("invalidRequest", `expected ${expected}, got a batch of ${batch.length}`);
}

function isInitialize(value: unknown): value is JSONRPCRequest {
  return isObject(value) && value.method === initializeMethod && "id" in value;
}

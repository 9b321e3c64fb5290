/** HTTP/2 on the connections to a TLS server whose clients have chosen it in the handshake. */
import type {
  Server as HttpServer,
  IncomingMessage,
  RequestListener,
  ServerResponse,
} from "node:http";
import {
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import { plainAddress } from "../../protocol/caller.ts";
import { OpenSet } from "../../protocol/open-entries.ts";
import { StreamRequest, StreamResponse } from "./node-http2-messages.ts";
import { hasHttp2 } from "./node-listener.ts";
import { type MalformedRequest, maxHeaders } from "./node-malformed.ts";
import type { ReadingConnection } from "./node-readers.ts";

/** Maximum number of streams that a client may have open on one connection. */
const maxConcurrentStreams = 100;
/** Maximum size of the headers of a request, in bytes, as for HTTP/1.1. */
const maxHeaderBytes = 16_384;
/** Data that a client may send on one connection before it is read, in bytes. */
const connectionWindowBytes = 1_048_576;
/** Number of streams that a client may reset at once, before their responses have ended. */
const maxResets = 200;
/** Number of further such streams that a client may reset in each second. */
const resetsPerSecond = 50;
/** Time without a frame after which a connection without streams is closed, in milliseconds. */
const maxIdleMs = 60_000;
/** The last stream identifier in GOAWAY: the maximum, because all streams are still served. */
const lastStreamId = 2 ** 31 - 1;

export interface Http2Options {
  readonly handle: RequestListener;
  /** Maximum number of streams of all connections; further ones are refused, and may be repeated. */
  readonly maxStreams: number;
  readonly onMalformed: (request: MalformedRequest) => void;
  /** Watches a connection whose client may not read. */
  readonly watchReader: (connection: ReadingConnection) => void;
}

/** The connections with HTTP/2. Their streams are handled in parallel. */
export class Http2Connections {
  readonly #options: Http2Options;
  readonly #sessions = new Map<ServerHttp2Session, OpenSet<ServerHttp2Stream>>();
  #streams = 0;
  #isClosing = false;

  /** Takes over the connections with HTTP/2 of a server that does not listen yet. */
  constructor(http: HttpServer, options: Http2Options) {
    this.#options = options;
    const server = this.#createServer();
    const others = http.listeners("secureConnection");
    http.removeAllListeners("secureConnection");
    http.on("secureConnection", (socket: TLSSocket) => {
      if (hasHttp2(socket)) server.emit("connection", socket);
      else for (const listener of others) listener.call(http, socket);
    });
  }

  /** Asks clients to send further requests on other connections. All requests are still served. */
  announceClose(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    for (const session of this.#sessions.keys()) {
      session.goaway(constants.NGHTTP2_NO_ERROR, lastStreamId);
    }
  }

  /** Closes each connection once its streams have ended. Later streams are not served. */
  close(): void {
    for (const session of this.#sessions.keys()) session.close();
  }

  /** Returns the number of requests in flight. */
  busy(): number {
    return this.#streams;
  }

  #createServer(): Http2Server {
    const { handle, onMalformed } = this.#options;
    const server = createServer({
      settings: { maxConcurrentStreams, maxHeaderListSize: maxHeaderBytes, enablePush: false },
      maxHeaderListPairs: maxHeaders,
      Http2ServerRequest: StreamRequest,
      Http2ServerResponse: StreamResponse,
    });
    server.on("session", (session) => this.#add(session));
    // The declarations do not relate the messages of the two versions, which have the same members.
    server.on("request", (req, res) => {
      if (this.#streams > this.#options.maxStreams) {
        res.stream.close(constants.NGHTTP2_REFUSED_STREAM);
        return;
      }
      handle(req as unknown as IncomingMessage, res as unknown as ServerResponse);
    });
    server.on("sessionError", (_error, session: ServerHttp2Session) => {
      const address = plainAddress(session.socket?.remoteAddress ?? "");
      onMalformed({ status: 0, address });
    });
    return server;
  }

  #add(session: ServerHttp2Session): void {
    const streams = new OpenSet<ServerHttp2Stream>();
    this.#sessions.set(session, streams);
    session.setLocalWindowSize(connectionWindowBytes);
    session.setTimeout(maxIdleMs, () => {
      if (streams.size === 0) session.close();
    });
    // Before the listener of Node, which emits the request.
    const resets = new ResetBudget();
    session.prependListener("stream", (stream) => {
      this.#addStream(stream, streams);
      stream.once("close", () => {
        if (!stream.aborted || resets.take(performance.now())) return;
        session.destroy(new Error(), constants.NGHTTP2_ENHANCE_YOUR_CALM);
      });
    });
    session.once("close", () => this.#sessions.delete(session));
    this.#options.watchReader(new SessionReader(session, streams));
    if (this.#isClosing) session.goaway(constants.NGHTTP2_NO_ERROR, lastStreamId);
  }

  #addStream(stream: ServerHttp2Stream, streams: OpenSet<ServerHttp2Stream>): void {
    const entry = streams.add(stream);
    this.#streams += 1;
    stream.once("close", () => {
      streams.delete(entry);
      this.#streams -= 1;
    });
  }
}

/** The number of streams that a client may still reset. A reset stream no longer counts as open. */
class ResetBudget {
  #left = maxResets;
  #at = 0;

  /** Returns false once too many streams were reset. */
  take(now: number): boolean {
    const added = this.#at === 0 ? 0 : ((now - this.#at) / 1000) * resetsPerSecond;
    this.#at = now;
    this.#left = Math.min(maxResets, this.#left + added) - 1;
    return this.#left >= 0;
  }
}

/** The unsent data of a connection, which waits in its streams. */
class SessionReader implements ReadingConnection {
  readonly #session: ServerHttp2Session;
  readonly #streams: Iterable<ServerHttp2Stream>;

  constructor(session: ServerHttp2Session, streams: Iterable<ServerHttp2Stream>) {
    this.#session = session;
    this.#streams = streams;
  }

  get writableLength(): number {
    let bytes = 0;
    for (const stream of this.#streams) bytes += stream.writableLength;
    return bytes;
  }

  /** A large chunk leaves its stream in parts, of which only the connection keeps count. */
  get bytesWritten(): number {
    return (this.#session.socket?.bytesWritten ?? 0) + this.writableLength;
  }

  destroy(): void {
    this.#session.destroy();
  }

  once(event: "close", listener: () => void): void {
    this.#session.once(event, listener);
  }
}

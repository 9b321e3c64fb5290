/**
 * The connections of an HTTP server. Each handles one request at a time, and none is closed while
 * it may carry a request.
 */
import type { Server as HttpServer, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { connectionEvent, hasHttp2, hasTls } from "./node-listener.ts";

/**
 * Number of calls of `closeQuiet` without any activity before it closes connections. A client that
 * has just received a response may already have sent its next request. Calls are counted instead of
 * time, because a process without processor time has read nothing in the meantime.
 */
const quietCalls = 10;

/** Maximum time for which requests wait while the last connections are accepted, in milliseconds. */
const acceptMs = 1000;

/** Number of waiting requests of a connection above which nothing more is read from it. */
const maxWaiting = 16;

export class HttpConnections {
  readonly #http: HttpServer;
  readonly #closeIdle: () => void;
  /**
   * The response to the latest request of each connection. Undefined before the first request. A
   * response is `destroyed` from its end on; Deno has no `closed`.
   */
  readonly #open = new Map<Socket, ServerResponse | undefined>();
  /** The bytes that each connection had read for its handshake. */
  readonly #handshakes = new WeakMap<Socket, number>();
  /** With TLS, the sockets below the connections, also during the handshake. */
  readonly #sockets = new Set<Socket>();
  /** Number of requests that wait, of the connections with such requests. */
  readonly #behind = new Map<Socket, number>();
  /** The requests that wait until the last connections are accepted. Undefined at other times. */
  #waiting: (() => void)[] | undefined;
  #accepted = 0;
  #isClosing = false;
  #lastActivity = "";
  #callsSince = 0;

  /** Tracks the connections of a server that does not listen yet. */
  constructor(http: HttpServer) {
    this.#http = http;
    this.#closeIdle = http.closeIdleConnections.bind(http);
    // `close` calls this method, which would reset connections whose next request is on its way.
    http.closeIdleConnections = () => {};
    http.on(connectionEvent(http), (socket) => this.#add(socket));
    if (hasTls(http)) http.on("connection", (socket) => this.#addSocket(socket));
  }

  /**
   * Returns a listener that handles the requests of a connection one after the other. RFC 9110,
   * section 9.3.2, allows requests in parallel only if their methods are safe. A request that follows
   * a response with `Connection: close` is discarded, because it can't be answered (RFC 9112, 9.6).
   */
  inTurn(handle: RequestListener): RequestListener {
    return (req, res) => {
      const { socket } = req;
      const before = this.#open.get(socket);
      this.#open.set(socket, res);
      if (this.#isClosing) res.shouldKeepAlive = false;
      const run = () => {
        if (socket.destroyed || socket.writableEnded) return;
        if (this.#waiting === undefined) handle(req, res);
        else this.#waiting.push(run);
      };
      if (before === undefined || before.destroyed) run();
      else {
        this.#wait(socket);
        before.once("close", () => {
          this.#proceed(socket);
          run();
        });
      }
    };
  }

  /** Sends `Connection: close` with every response whose head is not sent yet. */
  announceClose(): void {
    this.#isClosing = true;
    for (const response of this.#open.values()) {
      if (response?.headersSent === false) response.shouldKeepAlive = false;
    }
  }

  /**
   * Calls `stop`, which stops listening, once the server has accepted the connections that the system
   * has established for it, because the system would reset them. No request is handled until then:
   * clients that receive no responses open no further connections.
   */
  async afterPending(stop: () => void): Promise<void> {
    const waiting: (() => void)[] = [];
    this.#waiting = waiting;
    await this.#acceptPending();
    stop();
    this.announceClose();
    this.#waiting = undefined;
    for (const run of waiting) run();
  }

  /**
   * Closes the connections without a request, if nothing has happened on any connection during the
   * last calls.
   */
  closeQuiet(): void {
    // Immediates run after Node has read everything that has arrived.
    setImmediate(() => {
      const activity = this.#activity();
      this.#callsSince = activity === this.#lastActivity ? this.#callsSince + 1 : 0;
      this.#lastActivity = activity;
      if (this.#callsSince < quietCalls) return;
      this.#closeIdle();
      // Node regards a connection as busy until it has carried a request.
      for (const [socket, response] of this.#open) {
        const isUnused = socket.bytesRead === this.#handshakes.get(socket);
        if (response === undefined && isUnused) socket.destroySoon();
      }
      for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
    });
  }

  /** Closes all connections at once. */
  closeAll(): void {
    this.#http.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Returns the number of requests in flight. */
  busy(): number {
    let count = 0;
    for (const response of this.#open.values()) if (response?.destroyed === false) count += 1;
    return count;
  }

  /** Returns a text that differs from an earlier one if a connection was used in the meantime. */
  #activity(): string {
    let bytes = 0;
    for (const socket of this.#open.keys()) bytes += socket.bytesRead;
    return `${this.#open.size} ${this.busy()} ${bytes}`;
  }

  async #acceptPending(): Promise<void> {
    const start = performance.now();
    for (let before = -1; before !== this.#accepted; ) {
      before = this.#accepted;
      // The first turn can end before Node has asked the system for new connections.
      for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (performance.now() - start > acceptMs) return;
    }
  }

  /** Counts a request that waits for the one before. */
  #wait(socket: Socket): void {
    const waiting = (this.#behind.get(socket) ?? 0) + 1;
    this.#behind.set(socket, waiting);
    if (waiting > maxWaiting) socket.pause();
  }

  /** Stops reading again: Node resumes a connection after each request that has no body. */
  #keepPaused(socket: Socket): void {
    if ((this.#behind.get(socket) ?? 0) > maxWaiting) socket.pause();
  }

  #proceed(socket: Socket): void {
    const waiting = (this.#behind.get(socket) ?? 0) - 1;
    if (waiting > 0) this.#behind.set(socket, waiting);
    else this.#behind.delete(socket);
    if (waiting === maxWaiting) socket.resume();
  }

  #addSocket(socket: Socket): void {
    this.#accepted += 1;
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #add(socket: Socket): void {
    if (hasHttp2(socket)) return;
    this.#accepted += 1;
    this.#open.set(socket, undefined);
    this.#handshakes.set(socket, socket.bytesRead);
    socket.on("resume", () => this.#keepPaused(socket));
    socket.once("close", () => {
      this.#open.delete(socket);
      this.#behind.delete(socket);
    });
  }
}

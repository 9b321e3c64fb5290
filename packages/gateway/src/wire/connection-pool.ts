/** The connections to one replica. */
import type { Socket } from "node:net";
import { buildConnector, errors } from "undici";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { Exchange } from "./exchange.ts";
import type { WireDispatcher, WireHandler, WireRequest } from "./handler.ts";

/** The time for which an idle connection is kept if the server names none, in milliseconds. */
const defaultKeepAliveMs = 4000;
/** The longest time for which an idle connection is kept, in milliseconds. */
const maxKeepAliveMs = 600_000;
/** The time that a request may need to reach a server that closes its idle connections, in milliseconds. */
const reachMs = 2000;
/** Interval between checks for connections that were idle for too long, in milliseconds. */
const sweepMs = 1000;
/** Size of the buffer that all connections read into, in bytes. */
const readBytes = 65_536;

const buffer = Buffer.allocUnsafeSlow(readBytes);
/** The connections by their sockets. Those of connections that are not established yet are absent. */
const connections = new WeakMap<object, Connection>();

const onread = {
  buffer,
  callback(this: Socket, length: number): boolean {
    const connection = connections.get(this);
    if (connection === undefined) this.destroy();
    return connection?.read(buffer, length) ?? false;
  },
};

export class ConnectionPool implements WireDispatcher, ConnectionOwner {
  readonly #connect: (callback: buildConnector.Callback) => void;
  readonly #host: string;
  readonly #all = new Set<Connection>();
  #idle: Connection[] = [];
  /** Connections that became idle since the event loop last polled them. */
  #fresh: Connection[] = [];
  #queue: Exchange[] = [];
  /** The exchanges whose connections are being established. */
  readonly #connecting = new Set<Exchange>();
  #isScheduled = false;
  #closed: Error | undefined;
  readonly #onEmpty: (() => void)[] = [];
  #sweep: NodeJS.Timeout | undefined;

  constructor(origin: URL, options: buildConnector.BuildOptions) {
    const { protocol, host, hostname, port } = origin;
    const connect = buildConnector({ ...options, ...{ onread } });
    const name = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
    this.#host = host;
    this.#connect = (callback) => connect({ host, hostname: name, protocol, port }, callback);
  }

  dispatch(request: WireRequest, handler: WireHandler): boolean {
    try {
      if (this.#closed !== undefined) throw this.#closed;
      this.#queue.push(new Exchange(request, this.#host, handler));
    } catch (error) {
      handler.onError(error as Error);
      return false;
    }
    this.#schedule();
    return true;
  }

  /** Closes the connections once the exchanges in flight have ended. */
  close(): Promise<void> {
    this.#closed ??= new errors.ClientClosedError();
    return new Promise((resolve) => {
      this.#onEmpty.push(resolve);
      for (const connection of [...this.#idle, ...this.#fresh]) connection.drop();
      this.#endIfEmpty();
    });
  }

  /** Closes the connections and fails the exchanges in flight. */
  async destroy(): Promise<void> {
    const error = new errors.ClientDestroyedError();
    this.#closed = error;
    const queue = this.#queue;
    this.#queue = [];
    for (const exchange of [...queue, ...this.#connecting]) exchange.fail(error);
    for (const connection of this.#all) connection.destroy(error);
    clearInterval(this.#sweep);
  }

  onFree(connection: Connection, keepAliveMs: number | undefined): void {
    const ms =
      keepAliveMs === undefined
        ? defaultKeepAliveMs
        : Math.min(keepAliveMs - reachMs, maxKeepAliveMs);
    if (this.#closed !== undefined || ms <= 0) {
      connection.drop();
      return;
    }
    connection.expiresAt = performance.now() + ms;
    this.#fresh.push(connection);
    this.#sweep ??= setInterval(() => this.#dropExpired(), sweepMs).unref();
    this.#schedule();
  }

  onClosed(connection: Connection): void {
    this.#all.delete(connection);
    this.#idle = this.#idle.filter((one) => one !== connection);
    this.#fresh = this.#fresh.filter((one) => one !== connection);
    this.#endIfEmpty();
  }

  /**
   * Sends requests once the event loop has polled the connections, so that the end of an idle connection,
   * or bytes without a request, are noticed before.
   */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#onPolled);
  }

  readonly #onPolled = (): void => {
    this.#isScheduled = false;
    const fresh = this.#fresh;
    this.#fresh = [];
    const queue = this.#queue;
    this.#queue = [];
    for (const exchange of queue) {
      const connection = this.#takeIdle();
      if (connection === undefined) {
        if (this.#queue.length < fresh.length) this.#queue.push(exchange);
        else this.#open(exchange);
      } else if (!connection.send(exchange)) this.#idle.push(connection);
    }
    for (const connection of fresh) if (!connection.isClosed) this.#idle.push(connection);
    if (this.#queue.length > 0) this.#schedule();
  };

  #takeIdle(): Connection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined || connection.isClosed) {
        if (connection === undefined) return undefined;
      } else if (connection.expiresAt > performance.now()) return connection;
      else connection.drop();
    }
  }

  #open(exchange: Exchange): void {
    this.#connecting.add(exchange);
    try {
      this.#connectFor(exchange);
    } catch (error) {
      this.#connecting.delete(exchange);
      exchange.fail(error as Error);
    }
  }

  #connectFor(exchange: Exchange): void {
    this.#connect((error, socket) => {
      this.#connecting.delete(exchange);
      if (error !== null) exchange.fail(error);
      else if (this.#closed instanceof errors.ClientDestroyedError) {
        socket.on("error", () => {}).destroy();
      } else this.#begin(socket, exchange);
      this.#endIfEmpty();
    });
  }

  #begin(socket: Socket, exchange: Exchange): void {
    const connection = new Connection(socket, this);
    connections.set(socket, connection);
    this.#all.add(connection);
    if (!connection.send(exchange)) this.onFree(connection, undefined);
  }

  #dropExpired(): void {
    const now = performance.now();
    for (const connection of [...this.#idle]) if (connection.expiresAt <= now) connection.drop();
    if (this.#all.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #endIfEmpty(): void {
    if (this.#all.size > 0 || this.#connecting.size > 0 || this.#queue.length > 0) return;
    if (this.#closed === undefined) return;
    clearInterval(this.#sweep);
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }
}

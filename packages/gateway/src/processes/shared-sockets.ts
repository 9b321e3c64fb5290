/**
 * The listening sockets of a gateway with several processes. The supervisor accepts the connections
 * and gives each to the process with the fewest, so that a process that ends takes no address and no
 * waiting connection with it.
 */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { defaultConnections, listenAt, refuseConnection } from "lutra/internal";
import type { CompleteConfig } from "../config/complete-routes.ts";
import { type ListenerPlace, listenerPlaces } from "../listener-places.ts";
import type { Channel } from "./channel.ts";

/** A connection that no process has yet. */
interface Waiting {
  readonly socket: Socket;
  /** The index of its listening socket. */
  readonly place: number;
}

/** A process that takes connections. */
interface Taker {
  readonly channel: Channel;
  /** Number of its open connections. */
  open: number;
  /** The connection that it was given and has not confirmed. */
  given: (Waiting & { readonly id: number }) | undefined;
}

export interface SharedSockets {
  readonly addresses: readonly (AddressInfo | string)[];
  /** Passes connections to a process until the returned function is called. */
  readonly add: (channel: Channel) => () => void;
  /** Stops listening. Resolves once the processes have all accepted connections. */
  readonly close: () => Promise<void>;
}

/** Maximum number of connections that wait for a process, if this one may open enough files. */
const maxWaiting = 1024;
/** Maximum time that accepted connections wait for a process at the end, in milliseconds. */
const handOverMs = 1000;

export interface WaitingLimit {
  /** Maximum number of connections that wait. @default 1024, at most half of the file descriptors */
  readonly max?: number;
  /** Called when further connections are refused. */
  readonly onLimit: (max: number) => void;
}

/**
 * Opens the sockets.
 *
 * @throws {ListenError} for an address that is in use or unavailable
 */
export async function openSharedSockets(
  config: CompleteConfig,
  limit: WaitingLimit,
): Promise<SharedSockets> {
  const distribution = new Distribution(limit);
  const servers: Server[] = [];
  try {
    for (const [index, place] of listenerPlaces(config).entries()) {
      const isEncrypted = place.config.tls !== undefined;
      const accept = (socket: Socket) => distribution.accept({ socket, place: index }, isEncrypted);
      servers.push(await listenOn(place, accept));
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return {
    addresses: servers.map((server) => server.address() as AddressInfo | string),
    add: (channel) => distribution.add(channel),
    close: async () => {
      await distribution.quiet();
      for (const server of servers) server.close();
      await distribution.handedOver();
    },
  };
}

async function listenOn(
  { at, explain }: ListenerPlace,
  accept: (socket: Socket) => void,
): Promise<Server> {
  // Nothing is read here, so that a process receives every byte.
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, accept);
  await listenAt(server, at).catch((cause: unknown) => {
    throw explain(cause);
  });
  return server;
}

class Distribution {
  readonly #waiting: Waiting[] = [];
  readonly #takers = new Set<Taker>();
  readonly #max: number;
  readonly #onLimit: (max: number) => void;
  #isLimitReported = false;
  #lastId = 0;
  #accepted = 0;
  #onHandedOver = () => {};

  constructor({ max = Math.min(maxWaiting, defaultConnections()), onLimit }: WaitingLimit) {
    this.#max = max;
    this.#onLimit = onLimit;
  }

  accept(connection: Waiting, isEncrypted: boolean): void {
    this.#accepted += 1;
    if (this.#waiting.length >= this.#max) {
      this.#refuse(connection, isEncrypted);
      return;
    }
    // A client may disconnect while it waits.
    connection.socket.on("error", () => {});
    this.#waiting.push(connection);
    this.#next();
  }

  add(channel: Channel): () => void {
    const taker: Taker = { channel, open: 0, given: undefined };
    this.#takers.add(taker);
    channel.on("taken", ({ id, open }) => this.#taken(taker, id, open));
    channel.on("openConnections", (open) => {
      taker.open = open;
    });
    this.#next();
    return () => this.#remove(taker);
  }

  /** Resolves once the system has no further connections that it has established. */
  async quiet(): Promise<void> {
    const end = performance.now() + handOverMs;
    for (let before = -1; before !== this.#accepted && performance.now() < end; ) {
      before = this.#accepted;
      // The first turn can end before Node has asked the system for new connections.
      for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Resolves once no connection waits. Closes those that still wait after a second. */
  handedOver(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const { socket } of this.#waiting.splice(0)) socket.destroy();
        resolve();
      }, handOverMs);
      this.#onHandedOver = () => {
        if (this.#waiting.length > 0) return;
        if ([...this.#takers].some(({ given }) => given !== undefined)) return;
        clearTimeout(timer);
        resolve();
      };
      this.#onHandedOver();
    });
  }

  #refuse({ socket }: Waiting, isEncrypted: boolean): void {
    refuseConnection(socket, isEncrypted);
    if (this.#isLimitReported) return;
    this.#isLimitReported = true;
    this.#onLimit(this.#max);
  }

  /** Passes the connections that wait to processes that are free. */
  #next(): void {
    while (this.#waiting.length > 0) {
      const taker = this.#leastBusy();
      if (taker === undefined) return;
      const waiting = this.#waiting.shift() as Waiting;
      // Reported again after the number has been well below the limit.
      if (this.#waiting.length < this.#max / 2) this.#isLimitReported = false;
      this.#lastId += 1;
      const id = this.#lastId;
      taker.given = { ...waiting, id };
      // The last one of several processes with equally many connections comes next.
      this.#takers.delete(taker);
      this.#takers.add(taker);
      taker.channel.tell("connection", { id, place: waiting.place }, waiting.socket);
    }
  }

  /** Returns the process with the fewest connections that has confirmed the one before. */
  #leastBusy(): Taker | undefined {
    let found: Taker | undefined;
    for (const taker of this.#takers) {
      if (taker.given !== undefined) continue;
      if (found === undefined || taker.open < found.open) found = taker;
    }
    return found;
  }

  #taken(taker: Taker, id: number, open: number): void {
    taker.open = open;
    if (taker.given?.id !== id) return;
    // The process has a copy of the connection.
    taker.given.socket.destroy();
    taker.given = undefined;
    this.#next();
    this.#onHandedOver();
  }

  /** Returns a connection that a process has not confirmed to the queue. */
  #remove(taker: Taker): void {
    this.#takers.delete(taker);
    if (taker.given !== undefined) this.#waiting.unshift(taker.given);
    taker.given = undefined;
    this.#next();
    this.#onHandedOver();
  }
}

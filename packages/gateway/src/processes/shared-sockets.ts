/**
 * The listening sockets of a gateway with several processes. The supervisor accepts the connections
 * and gives each to the process with the fewest, so that a process that ends takes no address and no
 * waiting connection with it.
 */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { listenAt } from "lutra/internal";
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

/** Maximum number of connections that wait for a process; further ones are closed. */
const maxWaiting = 1024;
/** Maximum time that accepted connections wait for a process at the end, in milliseconds. */
const handOverMs = 1000;

/**
 * Opens the sockets.
 *
 * @throws {ListenError} for an address that is in use or unavailable
 */
export async function openSharedSockets(config: CompleteConfig): Promise<SharedSockets> {
  const distribution = new Distribution();
  const servers: Server[] = [];
  try {
    for (const [index, place] of listenerPlaces(config).entries()) {
      servers.push(await listenOn(place, (socket) => distribution.accept(socket, index)));
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
  #lastId = 0;
  #accepted = 0;
  #onHandedOver = () => {};

  accept(socket: Socket, place: number): void {
    this.#accepted += 1;
    // A client may disconnect while it waits.
    socket.on("error", () => {});
    if (this.#waiting.length >= maxWaiting) return void socket.destroy();
    this.#waiting.push({ socket, place });
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

  /** Passes the connections that wait to processes that are free. */
  #next(): void {
    while (this.#waiting.length > 0) {
      const taker = this.#leastBusy();
      if (taker === undefined) return;
      const waiting = this.#waiting.shift() as Waiting;
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

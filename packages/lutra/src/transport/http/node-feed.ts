/** Connections that another process has accepted for a server of this one. */
import type { Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** The connections of one listening socket, which belongs to another process. */
export interface ConnectionFeed {
  /** The address of the socket, as `address` of Node's servers returns it. */
  readonly address: AddressInfo | string;
  /** Calls `take` with each connection. Resolves once there will be no further ones. */
  readonly connect: (take: (socket: Socket) => void) => Promise<void>;
}

/** A server that is fed. */
export interface FedServer {
  /** Closes the server. Calls `onClosed` once the feed has ended and all connections are closed. */
  readonly close: (onClosed: () => void) => void;
  /** Waits no longer for the end of the feed. */
  readonly abandon: () => void;
}

/** Passes the connections to a server that does not listen itself. */
export function feedConnections(http: HttpServer, feed: ConnectionFeed): FedServer {
  const open = new Set<Socket>();
  let isEnded = false;
  let onClosed: (() => void) | undefined;
  const check = () => {
    if (isEnded && open.size === 0) onClosed?.();
  };
  // Node checks the timeouts of requests from this event on.
  http.emit("listening");
  const ended = feed.connect((socket) => {
    open.add(socket);
    socket.once("close", () => {
      open.delete(socket);
      check();
    });
    // Node sets both for the connections that a server accepts itself.
    socket.allowHalfOpen = true;
    socket.setNoDelay(true);
    http.emit("connection", socket);
  });
  const abandon = () => {
    isEnded = true;
    check();
  };
  void ended.then(abandon);
  return {
    abandon,
    close: (then) => {
      onClosed = then;
      http.close();
      check();
    },
  };
}

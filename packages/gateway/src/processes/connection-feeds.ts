/** The connections that the supervisor accepts and gives to this process. */
import { Socket } from "node:net";
import type { ConnectionFeed } from "lutra/internal";
import type { Channel } from "./channel.ts";
import type { Start } from "./messages.ts";

export interface ConnectionFeeds {
  readonly all: readonly ConnectionFeed[];
  /** Ends the feeds, when the supervisor has ended. */
  readonly end: () => void;
}

/** Pause before closed connections are reported to the supervisor, in milliseconds. */
const countMs = 50;

/** Receives the connections of each listening socket. */
export function receiveConnections(
  channel: Channel,
  { addresses }: Pick<Start, "addresses">,
): ConnectionFeeds {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const takes = new Map<number, (socket: Socket) => void>();
  const count = countConnections(channel);
  channel.on("lastConnection", end);
  channel.on("connection", ({ id, place }, socket) => {
    // Absent if the client has disconnected in the meantime.
    if (socket instanceof Socket) count.add(socket);
    channel.tell("taken", { id, open: count.open() });
    if (socket instanceof Socket) takes.get(place)?.(socket);
  });
  const all = addresses.map((address, place) => ({
    address,
    connect: (take: (socket: Socket) => void) => {
      takes.set(place, take);
      return ended;
    },
  }));
  return { all, end };
}

/** Counts the open connections, and reports their number after some have closed. */
function countConnections(channel: Channel) {
  let open = 0;
  let isReporting = false;
  const report = () => {
    isReporting = false;
    channel.tell("openConnections", open);
  };
  return {
    open: () => open,
    add: (socket: Socket) => {
      open += 1;
      socket.once("close", () => {
        open -= 1;
        if (isReporting) return;
        isReporting = true;
        setTimeout(report, countMs).unref();
      });
    },
  };
}

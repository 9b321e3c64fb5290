/** What the supervisor and a replica tell each other over the channel that joins the processes. */
import type { SealKey } from "lutra/server";
import type { StoreUrls } from "./store-options.ts";

/** The first message to a replica. Secrets travel here, where no list of processes shows them. */
export interface StartMessage {
  readonly type: "lutra.start";
  readonly module: string;
  /** How many replicas answer for each other. */
  readonly replicas: number;
  readonly keys: readonly SealKey[];
  readonly stores: StoreUrls;
  /** Where to listen. */
  readonly socketPath: string;
}

/** Tells a replica to end its subscriptions. */
export interface EndMessage {
  readonly type: "lutra.end";
}

/** A replica listens. */
export interface ReadyMessage {
  readonly type: "lutra.ready";
}

/** A replica can't serve, and why. */
export interface FailedMessage {
  readonly type: "lutra.failed";
  readonly message: string;
  /** Whether it may go better later. */
  readonly mayPass: boolean;
}

/** A replica found that nobody reads what the fleet prints. */
export interface UnreadMessage {
  readonly type: "lutra.unread";
}

export type ReplicaMessage =
  | StartMessage
  | EndMessage
  | ReadyMessage
  | FailedMessage
  | UnreadMessage;

/** One end of a channel. `process` and a `ChildProcess` are such. */
export interface Channel {
  send?(message: unknown, sent?: (error: Error | null) => void): unknown;
  on(event: "message", listener: (message: unknown) => void): unknown;
  readonly connected?: boolean;
}

/** Sends where someone listens; a process that is gone needs no message. */
export function sendTo(channel: Channel, message: ReplicaMessage): void {
  if (channel.connected) channel.send?.(message, () => {});
}

/** The channel also carries events and claims, which are for others. */
export function isReplicaMessage(message: unknown): message is ReplicaMessage {
  const { type } = (message ?? {}) as { readonly type?: unknown };
  return typeof type === "string" && types.has(type);
}

const types: ReadonlySet<string> = new Set<ReplicaMessage["type"]>([
  "lutra.start",
  "lutra.end",
  "lutra.ready",
  "lutra.failed",
  "lutra.unread",
]);

/** The messages between the supervisor and a replica, over the channel between their processes. */
import type { SealKey } from "lutra/server";
import type { StoreUrls } from "./store-options.ts";

/** The first message to a replica. It carries secrets; arguments would appear in process lists. */
export interface StartMessage {
  readonly type: "lutra.start";
  readonly module: string;
  /** Number of replicas that share the load. */
  readonly replicas: number;
  readonly keys: readonly SealKey[];
  readonly stores: StoreUrls;
  /** The key with which the replica verifies the principals that the gateway passes on. */
  readonly principalKey: string;
  /** The socket to listen on. */
  readonly socketPath: string;
  /** True for a module that the supervisor may ask to load again. */
  readonly watch: boolean;
}

/** Asks a replica to end its subscriptions. */
interface EndMessage {
  readonly type: "lutra.end";
}

/** Asks a replica to load its module again. */
interface ReloadMessage {
  readonly type: "lutra.reload";
}

/** Asks a replica to notify its subscribers that the lists have changed. */
interface AnnounceMessage {
  readonly type: "lutra.announce";
}

/** Reports that a replica has loaded its module. */
interface LoadedMessage {
  readonly type: "lutra.loaded";
  /** The paths of the files that were loaded, if they are watched. */
  readonly files: readonly string[];
}

/** Reports the end of a reload. */
interface ReloadedMessage {
  readonly type: "lutra.reloaded";
  /** The reason why the previous version stays active. */
  readonly problem?: string;
  /** The paths of the files that were loaded, also by earlier versions. */
  readonly files: readonly string[];
}

/** Reports that a replica is listening. */
interface ReadyMessage {
  readonly type: "lutra.ready";
}

/** Reports that a replica can't serve. */
interface FailedMessage {
  readonly type: "lutra.failed";
  readonly message: string;
  /** True when a later start may succeed. */
  readonly isTransient: boolean;
}

/** Reports that a replica's output, which all replicas share, is no longer read. */
interface UnreadMessage {
  readonly type: "lutra.unread";
}

export type ReplicaMessage =
  | StartMessage
  | EndMessage
  | ReloadMessage
  | AnnounceMessage
  | LoadedMessage
  | ReloadedMessage
  | ReadyMessage
  | FailedMessage
  | UnreadMessage;

/** One end of a channel, such as `process` or a `ChildProcess`. */
export interface Channel {
  send?(message: unknown, sent?: (error: Error | null) => void): unknown;
  on(event: "message", listener: (message: unknown) => void): unknown;
  readonly connected?: boolean;
}

/** Sends a message. Does nothing if the other process has ended. */
export function sendTo(channel: Channel, message: ReplicaMessage): void {
  if (channel.connected) channel.send?.(message, () => {});
}

/** Returns true for the messages of this file; the channel also carries events and claims. */
export function isReplicaMessage(message: unknown): message is ReplicaMessage {
  const { type } = (message ?? {}) as { readonly type?: unknown };
  return typeof type === "string" && types.has(type);
}

const types: ReadonlySet<string> = new Set<ReplicaMessage["type"]>([
  "lutra.start",
  "lutra.end",
  "lutra.reload",
  "lutra.announce",
  "lutra.loaded",
  "lutra.reloaded",
  "lutra.ready",
  "lutra.failed",
  "lutra.unread",
]);

/** The resources that the replicas of one supervisor share: keys, a store, events, claims, sockets. */
import { rmSync } from "node:fs";
import type { SealKey } from "lutra/server";
import { createMemoryReplayGuard, type ListedTask, relayEvents } from "lutra/stores";
import { type OpenStores, openStores } from "./open-stores.ts";
import { answerClaims } from "./process-replay-guard.ts";
import { type Replica, startReplica } from "./replica.ts";
import { createSocketFolder, removeSocket, socketPathIn, storeIn } from "./socket-path.ts";
import type { StoreUrls } from "./store-options.ts";

export interface ReplicaGroupOptions {
  readonly module: string;
  readonly replicas: number;
  /** The keys that the replicas seal with. By default, a new one. */
  readonly keys?: readonly SealKey[] | undefined;
  /** The key with which replicas verify the principals of requests. */
  readonly principalKey: string;
  /** Returns the mark of a replica's output in a terminal. */
  readonly labelOf: (number: number) => string;
  /** True for a module that is loaded again when it changes. @default false */
  readonly watch?: boolean | undefined;
  /** By default, a temporary store that is removed with the group, and the supervisor as the bus. */
  readonly stores?: StoreUrls;
}

export interface ReplicaGroup {
  readonly running: ReadonlySet<Replica>;
  /** Starts a replica. `leave` removes an ended replica from the group. */
  readonly start: (number: number) => { readonly replica: Replica; readonly leave: () => void };
  /** Returns tasks of the store, which the first call opens. */
  readonly listTasks: (limit: number) => Promise<readonly ListedTask[]>;
  readonly kill: () => void;
  /** Closes the store, and removes the folder of the sockets. */
  readonly end: () => Promise<void>;
}

/**
 * Creates a group. Without `keys`, it has a new key, so that no other group can open values that this
 * one sealed.
 */
export function createReplicaGroup({
  module,
  replicas,
  principalKey,
  labelOf,
  watch = false,
  keys = [{ id: "fleet", secret: randomSecret() }],
  stores: given = {},
}: ReplicaGroupOptions): ReplicaGroup {
  const relay = relayEvents();
  const guard = createMemoryReplayGuard();
  const folder = createSocketFolder();
  const isDefault = given.store === undefined;
  const stores = { store: given.store ?? storeIn(folder), isDefault, bus: given.bus };
  const running = new Set<Replica>();
  let starts = 0;

  const kill = () => {
    for (const replica of running) replica.stop("SIGKILL");
  };
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // Replicas are killed, because a busy one would not detect that this process has ended.
  const onExit = () => {
    kill();
    remove();
  };
  process.once("exit", onExit);

  let opened: Promise<OpenStores> | undefined;
  const openOnce = () => {
    opened ??= openStores({ store: stores.store, isDefault });
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };

  return {
    running,
    listTasks: async (limit) => {
      const { shared } = await openOnce();
      return (await shared.tasks?.list?.(limit)) ?? [];
    },
    start: (number) => {
      starts += 1;
      const socketPath = socketPathIn(folder, `${number}-${starts}`);
      const start = { module, replicas, keys, stores, principalKey, socketPath, watch };
      const replica = startReplica(number, labelOf(number), start);
      running.add(replica);
      const unrelay = relay.add(replica.channel);
      answerClaims(replica.channel, guard);
      const leave = () => {
        running.delete(replica);
        unrelay();
        removeSocket(socketPath);
      };
      return { replica, leave };
    },
    kill,
    end: async () => {
      process.off("exit", onExit);
      await opened?.then(({ close }) => close()).catch(() => {});
      remove();
    },
  };
}

/** Creates a key as Base64, because the channel to a replica carries JSON. */
function randomSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64");
}

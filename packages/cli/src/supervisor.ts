/** Starts the replicas of a module and restarts those that die. */
import { delay } from "lutra/internal";
import type { ListedTask } from "lutra/stores";
import { CommandError } from "./command-error.ts";
import { slowLoad, slowLoadMs } from "./loading.ts";
import { reloadReplicas } from "./reload-replicas.ts";
import type { Replica } from "./replica.ts";
import {
  createReplicaGroup,
  type ReplicaGroup,
  type ReplicaGroupOptions,
} from "./replica-group.ts";
import { afterDeath, maxQuickDeaths, noRestarts } from "./restart-backoff.ts";
import { reportWait } from "./waiting.ts";

export interface SupervisorOptions extends ReplicaGroupOptions {
  /** Called with each replica that is ready to serve. Returns a function that removes it. */
  readonly onReady: (replica: Replica) => () => void;
  /** Called with a line about each start and death of a replica. */
  readonly notice: (line: string) => void;
}

export interface Supervisor {
  /** Resolves when all replicas are ready. Rejects when one of them can't serve the module. */
  readonly ready: Promise<void>;
  /** Never resolves. Rejects when a replica can't serve the module or keeps dying. */
  readonly failed: Promise<never>;
  /** Ends all subscriptions gracefully. From then on replicas that die are not restarted. */
  readonly drain: () => void;
  /** Returns up to `limit` tasks in the store of the replicas. */
  readonly listTasks: (limit: number) => Promise<readonly ListedTask[]>;
  /** Stops all replicas. Resolves when their processes have ended. */
  readonly stop: () => Promise<void>;
}

/**
 * Maximum time for a replica to end before it is killed, in milliseconds. It is longer than the 5 s
 * that a server waits for running tasks by default.
 */
const stopMs = 7000;

/** Starts the replicas, all at once. */
export function startReplicas(options: SupervisorOptions): Supervisor {
  const group = createReplicaGroup(options);
  const draining = new AbortController();
  const slots: Promise<void>[] = [];
  const ready = Array.from({ length: options.replicas }, (_, index) => {
    return new Promise<void>((resolve) =>
      slots.push(
        keepRunning({
          number: index + 1,
          group,
          options,
          onFirst: resolve,
          draining: draining.signal,
        }),
      ),
    );
  });
  const failed = new Promise<never>((_resolve, reject) => {
    for (const slot of slots) slot.catch(reject);
  });
  failed.catch(() => {});
  let isReady = false;
  const allReady = Promise.all(ready).then(() => {
    isReady = true;
  });
  const slow = setTimeout(() => {
    const isLoading = [...group.running].some(({ hasLoaded }) => !hasLoaded());
    if (isLoading) options.notice(slowLoad(options.module));
  }, slowLoadMs);

  const reloading = reloadReplicas(options, group, allReady);
  const stopRestarts = () => {
    draining.abort();
    clearTimeout(slow);
    reloading.close();
  };

  return {
    ready: Promise.race([allReady, failed]),
    failed,
    drain: () => {
      stopRestarts();
      for (const replica of group.running) replica.endSubscriptions();
    },
    listTasks: group.listTasks,
    stop: async () => {
      stopRestarts();
      for (const replica of group.running) replica.stop();
      const kill = setTimeout(() => group.kill(), stopMs);
      const ended = endOf(slots, group);
      await (isReady ? reportWait("the replicas to end", ended) : ended);
      clearTimeout(kill);
      await group.end();
    },
  };
}

/** Waits for the processes. An idle one ends at once, and one with running tasks gives them time. */
async function endOf(slots: readonly Promise<void>[], { running }: ReplicaGroup): Promise<void> {
  await Promise.allSettled(slots);
  await Promise.all([...running].map(({ ended }) => ended));
}

/** The position of one replica and of those that replace it. */
interface Slot {
  readonly number: number;
  readonly group: ReplicaGroup;
  readonly options: SupervisorOptions;
  /** Called when a replica in this slot is ready. */
  readonly onFirst: () => void;
  /** Aborts when replicas that die must not be restarted any more. */
  readonly draining: AbortSignal;
}

/** Runs the replica of a slot, and restarts it until `draining` aborts. Rejects on a permanent failure. */
async function keepRunning(slot: Slot): Promise<void> {
  const { number, draining, options } = slot;
  let backoff = noRestarts;
  let wasReady = false;
  while (!draining.aborted) {
    const death = await runReplica(slot, wasReady);
    if (draining.aborted) return;
    if (death.failure !== undefined && !wasReady) throw new CommandError(death.failure);
    wasReady ||= death.servedMs !== undefined;
    backoff = afterDeath(backoff, death.servedMs ?? 0);
    // The store may recover, and a watched module is corrected; until then, other replicas serve.
    const mayRecover = death.isTransient || (options.watch && death.failure !== undefined);
    if (mayRecover) backoff = { ...backoff, quickDeaths: 0 };
    if (backoff.quickDeaths === maxQuickDeaths) {
      throw new CommandError(gaveUp(number, death.cause));
    }
    const seconds = backoff.delayMs / 1000;
    options.notice(`replica ${number} died (${death.cause}); restarting in ${seconds} s`);
    await delay(backoff.delayMs, draining).catch(() => {});
  }
}

interface Death {
  /** Time that the replica served, in milliseconds; absent if it was never ready. */
  readonly servedMs?: number;
  /** The replica's own message if it could not start. */
  readonly failure?: string;
  /** True when a later start may succeed. */
  readonly isTransient?: boolean;
  /** The exit code, signal or message. */
  readonly cause: string;
}

/** Starts a replica, adds it once it is ready, and waits until its process ends. */
async function runReplica(slot: Slot, wasReady: boolean): Promise<Death> {
  const { number, group, options, onFirst } = slot;
  const { replica, leave } = group.start(number);
  try {
    const started = await replica.started;
    if (started.kind === "failed") {
      replica.stop();
      await replica.ended;
      const { message, isTransient } = started;
      return { failure: message, isTransient, cause: message };
    }
    if (started.kind === "died") return { cause: await replica.ended };
    const since = performance.now();
    const remove = options.onReady(replica);
    options.notice(`replica ${number} is ready${wasReady ? " again" : ""}, pid ${replica.pid}`);
    onFirst();
    const cause = await replica.ended;
    remove();
    return { servedMs: performance.now() - since, cause: `${cause}, pid ${replica.pid}` };
  } finally {
    leave();
  }
}

function gaveUp(number: number, cause: string): string {
  return (
    `gave up: replica ${number} died ${maxQuickDeaths} times in a row before it had served for 1 s; ` +
    `last cause: ${cause}`
  );
}

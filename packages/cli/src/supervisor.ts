/** Keeps the replicas of a fleet running. */
import { setTimeout as delay } from "node:timers/promises";
import { CommandError } from "./command-error.ts";
import type { Replica } from "./replica.ts";
import {
  createReplicaGroup,
  type ReplicaGroup,
  type ReplicaGroupOptions,
} from "./replica-group.ts";
import { afterDeath, maxQuickDeaths, noRestarts } from "./restart-backoff.ts";

export interface SupervisorOptions extends ReplicaGroupOptions {
  /** Lets a replica answer requests until the returned function is called. */
  readonly onReady: (replica: Replica) => () => void;
  /** Hears in one line what happens to replicas. */
  readonly notice: (line: string) => void;
}

export interface Supervisor {
  /** Resolves when all replicas answer. Rejects when one of them can't serve the module. */
  readonly ready: Promise<void>;
  /** Never resolves. Rejects when a replica dies again and again. */
  readonly failed: Promise<never>;
  /** Ends all subscriptions with their graceful result. Replicas that die are not replaced. */
  readonly drain: () => void;
  /** Ends all replicas and resolves when their processes are gone. */
  readonly stop: () => Promise<void>;
}

/**
 * How long a replica may take to end before it is killed, in milliseconds. Running tasks have 5 s of
 * it by default.
 */
const stopMs = 7000;

/** Starts the replicas, all at once. */
export function startReplicas(options: SupervisorOptions): Supervisor {
  const group = createReplicaGroup(options);
  const draining = new AbortController();
  const places: Promise<void>[] = [];
  const ready = Array.from({ length: options.replicas }, (_, index) => {
    return new Promise<void>((resolve) =>
      places.push(
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
    for (const place of places) place.catch(reject);
  });
  failed.catch(() => {});

  return {
    ready: Promise.race([Promise.all(ready).then(() => {}), failed]),
    failed,
    drain: () => {
      draining.abort();
      for (const replica of group.running) replica.endSubscriptions();
    },
    stop: async () => {
      draining.abort();
      for (const replica of group.running) replica.stop();
      const kill = setTimeout(() => group.kill(), stopMs);
      await Promise.allSettled(places);
      await Promise.all([...group.running].map(({ ended }) => ended));
      clearTimeout(kill);
      group.end();
    },
  };
}

/** One place in the fleet, taken by a replica and then by those that replace it. */
interface Place {
  readonly number: number;
  readonly group: ReplicaGroup;
  readonly options: SupervisorOptions;
  /** Hears once that a replica in this place answers. */
  readonly onFirst: () => void;
  /** Aborts when replicas that die are not to be replaced. */
  readonly draining: AbortSignal;
}

/** Rejects when there is no sense in another start. */
async function keepRunning(place: Place): Promise<void> {
  const { number, draining, options } = place;
  let pace = noRestarts;
  let wasReady = false;
  while (!draining.aborted) {
    const life = await runReplica(place, wasReady);
    if (draining.aborted) return;
    if (life.failure !== undefined && !wasReady) throw new CommandError(life.failure);
    wasReady ||= life.servedMs !== undefined;
    pace = afterDeath(pace, life.servedMs ?? 0);
    // A store that is away comes back; those who need none are served by the others meanwhile.
    if (life.mayPass) pace = { ...pace, quickDeaths: 0 };
    if (pace.quickDeaths === maxQuickDeaths) throw new CommandError(gaveUp(number, life.how));
    const seconds = pace.delayMs / 1000;
    options.notice(`replica ${number} died (${life.how}); next start in ${seconds} s`);
    await delay(pace.delayMs, undefined, { signal: draining }).catch(() => {});
  }
}

interface Life {
  /** How long the replica answered, in milliseconds; absent when it never did. */
  readonly servedMs?: number;
  /** Why it could not serve, in its own words. */
  readonly failure?: string;
  /** Whether that may go better later. */
  readonly mayPass?: boolean;
  /** What ended it. */
  readonly how: string;
}

/** Starts a replica, lets it answer as long as it can, and waits for its end. */
async function runReplica(place: Place, wasReady: boolean): Promise<Life> {
  const { number, group, options, onFirst } = place;
  const { replica, leave } = group.start(number);
  try {
    const started = await replica.started;
    if (started.kind === "failed") {
      replica.stop();
      await replica.ended;
      const { message, mayPass } = started;
      return { failure: message, mayPass, how: message };
    }
    if (started.kind === "died") return { how: await replica.ended };
    const since = performance.now();
    const remove = options.onReady(replica);
    options.notice(`replica ${number} is ${wasReady ? "back" : "ready"}, pid ${replica.pid}`);
    onFirst();
    const how = await replica.ended;
    remove();
    return { servedMs: performance.now() - since, how: `${how}, pid ${replica.pid}` };
  } finally {
    leave();
  }
}

function gaveUp(number: number, how: string): string {
  return (
    `gave up: replica ${number} died ${maxQuickDeaths} times within its first second; ` +
    `the last time: ${how}`
  );
}

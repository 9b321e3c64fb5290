/** The state of all processes of a gateway as one. */
import type { Readiness } from "../admin/readiness.ts";
import { type EraCounted, EraTable } from "../eras/era-table.ts";
import { busiestOf, type LimitKeyUse, type LimitUseStats } from "../limits/limit-use.ts";
import type { ReplicaStatus } from "../replicas/replica.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";
import type { ProcessState } from "./messages.ts";

/** The states of a replica, the most available first. */
const states: readonly ReplicaStatus["state"][] = ["up", "warming", "drained", "out", "starting"];

/**
 * Returns the state of the upstreams. A replica has the best state that any process sees, and the
 * failures of the process that sees the most.
 */
export function mergedUpstreams(processes: readonly ProcessState[]): readonly UpstreamStatus[] {
  const merged = new Map<string, UpstreamStatus>();
  for (const { upstreams } of processes) {
    for (const status of upstreams) {
      const before = merged.get(status.name);
      merged.set(status.name, before === undefined ? status : sum(before, status));
    }
  }
  return [...merged.values()];
}

function sum(one: UpstreamStatus, other: UpstreamStatus): UpstreamStatus {
  const replicas = new Map(one.replicas.map((replica) => [keyOf(replica), replica]));
  for (const replica of other.replicas) {
    const before = replicas.get(keyOf(replica));
    replicas.set(keyOf(replica), before === undefined ? replica : sumOfReplicas(before, replica));
  }
  return {
    ...one,
    inFlight: one.inFlight + other.inFlight,
    ownSubscriptions: one.ownSubscriptions + other.ownSubscriptions,
    queued: one.queued + other.queued,
    replicas: [...replicas.values()],
  };
}

/** Programs on standard input have one name, and each process has its own. */
function keyOf({ name, pid }: ReplicaStatus): string {
  return `${name} ${pid ?? ""}`;
}

function sumOfReplicas(one: ReplicaStatus, other: ReplicaStatus): ReplicaStatus {
  const [worse, better] = one.failures > other.failures ? [one, other] : [other, one];
  const isFirst = states.indexOf(one.state) <= states.indexOf(other.state);
  return {
    ...better,
    ...(worse.lastError !== undefined && { lastError: worse.lastError }),
    state: isFirst ? one.state : other.state,
    failures: worse.failures,
    inFlight: one.inFlight + other.inFlight,
    ownSubscriptions: one.ownSubscriptions + other.ownSubscriptions,
  };
}

/**
 * Returns the readiness of the gateway: it is ready while any process is, because connections go to
 * every process that serves.
 */
export function mergedReadiness(processes: readonly ProcessState[]): Readiness {
  const all = processes.map(({ readiness }) => readiness);
  const problems = all.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  const [problem] = problems;
  if (all.length === 0) return { isReady: false, problem: "no process of the gateway answers" };
  const share =
    problems.length < all.length ? ` (in ${problems.length} of ${all.length} processes)` : "";
  return {
    isReady: all.some(({ isReady }) => isReady),
    problem: problem === undefined ? undefined : problem + share,
  };
}

/**
 * Returns the counts of the era report.
 *
 * @param areStored True if every process has read the counts of all from the store
 */
export function mergedEras(counted: readonly EraCounted[], areStored: boolean): EraCounted {
  const [first] = counted;
  if (first === undefined) return new EraTable().read();
  if (areStored) return counted.at(-1) ?? first;
  const total = new EraTable();
  for (const { rows } of counted) total.add(rows);
  const sinceMs = Math.min(...counted.map((one) => one.sinceMs));
  return { ...total.read(), sinceMs };
}

/** Returns the sum of the caches of all processes; undefined if the configuration disables them. */
export function mergedCache(processes: readonly ProcessState[]): ProcessState["cache"] {
  return processes
    .map(({ cache }) => cache)
    .reduce((sum, cache) => {
      if (sum === undefined || cache === undefined) return cache ?? sum;
      return {
        bytes: sum.bytes + cache.bytes,
        entries: sum.entries + cache.entries,
        hits: sum.hits + cache.hits,
        stale: sum.stale + cache.stale,
        misses: sum.misses + cache.misses,
      };
    }, undefined);
}

/** Returns the sums of the uses of each limit; the same key at several processes is one. */
export function mergedLimitUses(
  processes: readonly (readonly LimitUseStats[])[],
): readonly LimitUseStats[] {
  const [first = []] = processes;
  return first.map((_use, index) => sumOfUses(processes.flatMap((uses) => uses[index] ?? [])));
}

function sumOfUses(uses: readonly LimitUseStats[]): LimitUseStats {
  const keys = new Map<string, LimitKeyUse>();
  for (const use of uses.flatMap(({ busiest }) => busiest)) {
    keys.set(use.key, { key: use.key, ...sumOfCounts([keys.get(use.key) ?? noUse, use]) });
  }
  return { ...sumOfCounts(uses), busiest: busiestOf([...keys.values()]) };
}

type LimitCounts = Omit<LimitKeyUse, "key">;

const noUse: LimitCounts = { inFlight: 0, admitted: 0, refused: 0 };

function sumOfCounts(all: readonly LimitCounts[]): LimitCounts {
  const total = (name: keyof LimitCounts) => all.reduce((sum, counts) => sum + counts[name], 0);
  return { inFlight: total("inFlight"), admitted: total("admitted"), refused: total("refused") };
}

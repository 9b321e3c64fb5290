/** The admin listener of a gateway with several processes, which answers for all of them. */
import { type AdminListener, type AdminView, openAdminListener } from "../admin/open-admin.ts";
import type { Readiness } from "../admin/readiness.ts";
import { hideSecrets } from "../config/hide-secrets.ts";
import type { ParsedConfig } from "../config/parse-config.ts";
import type { ConsoleSources } from "../console/console-sources.ts";
import type { LoadedConsole } from "../console/load-console.ts";
import { createEraReport, type EraReport } from "../eras/era-report.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";
import type { DrainedReplicas } from "./drained-replicas.ts";
import type { MergedMetrics } from "./merged-metrics.ts";
import { mergedCache, mergedEras, mergedReadiness, mergedUpstreams } from "./merged-state.ts";
import type { ProcessState } from "./messages.ts";
import type { Processes } from "./processes.ts";

export interface JointAdminParts {
  readonly parsed: () => ParsedConfig;
  readonly processes: Processes;
  readonly drained: DrainedReplicas;
  readonly metrics: MergedMetrics;
  /** Undefined if the console is off. */
  readonly page: LoadedConsole | undefined;
  readonly isClosing: () => boolean;
  readonly notice: (line: string) => void;
}

/** The state of all processes at the last refresh. */
export interface JointState {
  readonly refresh: () => Promise<void>;
  readonly states: () => readonly ProcessState[];
  readonly upstreams: () => readonly UpstreamStatus[];
  readonly readiness: () => Readiness;
}

/** Interval at which the state is read for an open console, in milliseconds. */
const refreshMs = 1000;

/** Creates the state, which `refresh` reads from the processes. */
export function createJointState({
  processes,
  isClosing,
}: Pick<JointAdminParts, "processes" | "isClosing">): JointState {
  let states: readonly ProcessState[] = [];
  return {
    refresh: async () => {
      states = [...(await processes.askAll("state", undefined)).values()];
    },
    states: () => states,
    upstreams: () => mergedUpstreams(states),
    readiness: () =>
      isClosing() ? { isReady: false, problem: "the gateway is closing" } : mergedReadiness(states),
  };
}

/**
 * Opens the listener. Returns undefined if the configuration disables it.
 *
 * @param url The URL of the MCP endpoint
 * @throws {ListenError} for an address that is in use or unavailable
 */
export async function openJointAdmin(
  parts: JointAdminParts,
  state: JointState,
  url: string,
): Promise<AdminListener | undefined> {
  const { parsed, processes, metrics, page } = parts;
  const shown = {
    ...state,
    shownConfig: () => hideSecrets(parsed().config, parsed().environment),
    eras: (days: number) => readEras(processes, parsed(), days),
  };
  const changes = changesOf(parts, state);
  const listener = await openAdminListener({ parsed, url, page, metrics, shown, changes });
  if (listener === undefined || page === undefined) return listener;
  const timer = setInterval(() => void state.refresh(), refreshMs).unref();
  const close = async () => {
    clearInterval(timer);
    await listener.close();
  };
  return { ...listener, close };
}

async function readEras(
  processes: Processes,
  { config: { listen, switchedOff, eras } }: ParsedConfig,
  days: number,
): Promise<EraReport> {
  // The first question makes all processes store their counts, which the second one then reads.
  if (eras !== undefined) await processes.askAll("eras", undefined);
  const counted = [...(await processes.askAll("eras", undefined)).values()];
  const merged = mergedEras(counted, eras !== undefined);
  return createEraReport({ ...merged, days, versions: listen.versions, switchedOff });
}

/**
 * Returns the parts of the console that change something, in all processes. The responses in the
 * caches, the use of limits and the tasks of upstreams are not shown.
 */
function changesOf(
  { processes, drained, notice }: JointAdminParts,
  state: JointState,
): AdminView["changes"] {
  const canDrain = (upstream: string) =>
    state.states().some(({ drainable }) => drainable.includes(upstream));
  const evict: NonNullable<ReturnType<ConsoleSources["caching"]>>["evict"] = async (match) => {
    await processes.askAll("evict", match);
  };
  return {
    canDrain,
    notice,
    limitUses: () => [],
    taskUpstreams: () => [],
    setDrained: (upstream, replica, isDrained) => {
      const found = state.upstreams().find(({ name }) => name === upstream);
      const isKnown = found?.replicas.some(({ name }) => name === replica) ?? false;
      if (!canDrain(upstream) || !isKnown) return false;
      void drained.set(upstream, replica, isDrained).then(state.refresh);
      return true;
    },
    caching: () => {
      const stats = mergedCache(state.states());
      return stats && { evict, stats: () => stats, list: () => [] };
    },
  };
}

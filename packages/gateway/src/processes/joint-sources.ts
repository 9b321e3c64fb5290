/** The parts of the console that read or change something in all processes of a gateway. */
import { ProtocolError } from "lutra/protocol";
import type { AdminView } from "../admin/open-admin.ts";
import type { ConsoleSources } from "../console/console-sources.ts";
import type { DrainedReplicas } from "./drained-replicas.ts";
import { mergedResponses } from "./joint-cache.ts";
import type { JointModules } from "./joint-modules.ts";
import type { JointState } from "./joint-state.ts";
import { mergedCache, mergedLimitUses } from "./merged-state.ts";
import type { Processes } from "./processes.ts";

export interface JointSourcesParts {
  readonly processes: Pick<Processes, "askAll" | "askAny">;
  readonly drained: DrainedReplicas;
  readonly modules: Pick<JointModules, "taskLists">;
  readonly notice: (line: string) => void;
}

/** Returns the parts. What is read from the processes is bounded by each of them. */
export function jointSources(
  { processes, drained, modules, notice }: JointSourcesParts,
  state: JointState,
): AdminView["changes"] {
  const canDrain = (upstream: string) =>
    state.states().some(({ drainable }) => drainable.includes(upstream));
  return {
    canDrain,
    notice,
    limitUses: async () =>
      mergedLimitUses([...(await processes.askAll("limitUses", undefined)).values()]),
    taskUpstreams: () =>
      modules.taskLists().map((list) => ({ ...list, serve: serveAt(processes, list.name) })),
    setDrained: (upstream, replica, isDrained) => {
      const found = state.upstreams().find(({ name }) => name === upstream);
      const isKnown = found?.replicas.some(({ name }) => name === replica) ?? false;
      if (!canDrain(upstream) || !isKnown) return false;
      void drained.set(upstream, replica, isDrained).then(state.refresh);
      return true;
    },
    caching: () => jointCaching(processes, state),
  };
}

function jointCaching(
  processes: JointSourcesParts["processes"],
  state: JointState,
): ReturnType<ConsoleSources["caching"]> {
  const stats = mergedCache(state.states());
  return (
    stats && {
      stats: () => stats,
      list: async (max) =>
        mergedResponses([...(await processes.askAll("cached", max)).values()], max),
      evict: async (match) => {
        await processes.askAll("evict", match);
        await state.refresh();
      },
    }
  );
}

type TaskUpstream = ReturnType<ConsoleSources["taskUpstreams"]>[number];

/** Serves a request of the console to an upstream by one of the processes. */
function serveAt(
  processes: JointSourcesParts["processes"],
  upstream: string,
): TaskUpstream["serve"] {
  return async (request, { principal }) => {
    try {
      return await processes.askAny("ownRequest", { upstream, request, principal });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ProtocolError("internalError", reason, { cause });
    }
  };
}

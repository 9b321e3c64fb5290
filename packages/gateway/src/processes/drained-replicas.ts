/** The replicas that an operator has taken out of service, in all processes. */
import type { RunningProcess } from "./process-slot.ts";
import type { Processes } from "./processes.ts";

/** Maximum number of replicas that are taken out of service. */
const maxDrained = 10_000;

export interface DrainedReplicas {
  /** Takes a replica out of service in all processes, or returns it. */
  readonly set: (upstream: string, replica: string, isDrained: boolean) => Promise<void>;
  /** Repeats the changes in a process that replaces another one. */
  readonly repeat: (process: RunningProcess) => Promise<void>;
}

/** Creates the list. */
export function createDrainedReplicas(processes: () => Processes): DrainedReplicas {
  const drained = new Map<string, { readonly upstream: string; readonly replica: string }>();
  return {
    set: async (upstream, replica, isDrained) => {
      const key = `${upstream} ${replica}`;
      if (!isDrained) drained.delete(key);
      else if (drained.size < maxDrained) drained.set(key, { upstream, replica });
      await processes().askAll("setDrained", { upstream, replica, isDrained });
    },
    repeat: async ({ channel }) => {
      for (const one of drained.values()) {
        await channel.ask("setDrained", { ...one, isDrained: true }).catch(() => {});
      }
    },
  };
}

/** The state of all processes of a gateway, as they reported it last. */
import type { Readiness } from "../admin/readiness.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";
import { mergedReadiness, mergedUpstreams } from "./merged-state.ts";
import type { ProcessState } from "./messages.ts";
import type { Processes } from "./processes.ts";

/** The state of all processes at the last refresh. */
export interface JointState {
  readonly refresh: () => Promise<void>;
  readonly states: () => readonly ProcessState[];
  readonly upstreams: () => readonly UpstreamStatus[];
  readonly readiness: () => Readiness;
}

/** Creates the state, which `refresh` reads from the processes. */
export function createJointState({
  processes,
  isClosing,
}: {
  readonly processes: Pick<Processes, "askAll">;
  readonly isClosing: () => boolean;
}): JointState {
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

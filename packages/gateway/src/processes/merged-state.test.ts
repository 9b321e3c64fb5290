import { describe, expect, it } from "vitest";
import type { ReplicaStatus } from "../replicas/replica.ts";
import { mergedReadiness, mergedUpstreams } from "./merged-state.ts";
import type { ProcessState } from "./messages.ts";

const replica = (more: Partial<ReplicaStatus> = {}): ReplicaStatus => ({
  name: "a",
  state: "up",
  inFlight: 1,
  ownSubscriptions: 1,
  failures: 0,
  ...more,
});

function stateOf(one: ReplicaStatus, more: Partial<ProcessState> = {}): ProcessState {
  const counts = { inFlight: 2, ownSubscriptions: 1, queued: 1 };
  const upstream = { name: "only", kind: "url" as const, ...counts, replicas: [one] };
  const readiness = { isReady: true, problem: undefined };
  return { upstreams: [upstream], drainable: [], readiness, cache: undefined, ...more };
}

describe("the merged state of an upstream", () => {
  it("sums the exchanges, and has the best state and the most failures of each replica", () => {
    const failing = replica({ state: "out", failures: 3, lastError: "refused" });
    const expected = { state: "up", inFlight: 2, failures: 3, lastError: "refused" };
    for (const states of [
      [stateOf(replica()), stateOf(failing)],
      [stateOf(failing), stateOf(replica())],
    ]) {
      expect(mergedUpstreams(states)).toMatchObject([
        { name: "only", inFlight: 4, ownSubscriptions: 2, queued: 2, replicas: [expected] },
      ]);
    }
  });

  it("keeps the programs of different processes apart", () => {
    const states = [stateOf(replica({ pid: 1 })), stateOf(replica({ pid: 2 }))];
    expect(mergedUpstreams(states)[0]?.replicas.map(({ pid }) => pid)).toEqual([1, 2]);
  });
});

describe("the merged readiness", () => {
  const missing = { isReady: false, problem: "no replica answers at only" };

  it.each([
    ["both processes are ready", [true, true], true, undefined],
    ["one of them is", [true, false], true, "no replica answers at only (in 1 of 2 processes)"],
    ["none is", [false, false], false, "no replica answers at only"],
    ["no process answers", [], false, "no process of the gateway answers"],
  ] as const)("if %s", (_what, ready, isReady, problem) => {
    const states = ready.map((one) => stateOf(replica(), one ? {} : { readiness: missing }));
    expect(mergedReadiness(states)).toEqual({ isReady, problem });
  });
});

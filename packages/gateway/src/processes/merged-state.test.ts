import { describe, expect, it } from "vitest";
import type { ReplicaStatus } from "../replicas/replica.ts";
import { boundedResponses, mergedResponses } from "./joint-cache.ts";
import { mergedLimitUses, mergedReadiness, mergedUpstreams } from "./merged-state.ts";
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

describe("the merged responses of the caches", () => {
  const response = (params: string, bytes = 10) => ({
    key: { server: "a", method: "tools/list", params, partition: "public" },
    bytes,
    receivedAt: bytes,
  });

  it("alternate between the processes, and are listed once", () => {
    const lists = [
      [response("1"), response("2"), response("3")],
      [response("3", 20), response("4")],
    ];
    const merged = mergedResponses(lists, 3);
    expect(merged.map(({ key }) => key.params)).toEqual(["1", "3", "2"]);
    expect(merged[1]).toMatchObject({ bytes: 30, receivedAt: 20, processes: 2 });
  });

  it("are bounded by the size of their parameters", () => {
    const long = "x".repeat(600_000);
    expect(boundedResponses([response(long), response(long), response("1")])).toHaveLength(1);
  });
});

describe("the merged use of limits", () => {
  it("sums the counts of a key at all processes, and has at most 5 keys", () => {
    const use = (key: string, admitted: number) => ({ key, inFlight: 0, admitted, refused: 1 });
    const usesOf = (busiest: readonly ReturnType<typeof use>[]) => [
      { inFlight: 1, admitted: 7, refused: 2, busiest },
    ];
    const keys = ["a", "b", "c", "d", "e"];
    const merged = mergedLimitUses([
      usesOf(keys.map((key) => use(key, 3))),
      usesOf([use("e", 2), use("f", 9)]),
    ]);
    expect(merged).toHaveLength(1);
    expect(merged[0]).toMatchObject({ inFlight: 2, admitted: 14, refused: 4 });
    expect(merged[0]?.busiest).toHaveLength(5);
    expect(merged[0]?.busiest.slice(0, 2)).toEqual([use("f", 9), { ...use("e", 5), refused: 2 }]);
  });
});

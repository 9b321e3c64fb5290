import { expect, it } from "vitest";
import { parseConfig } from "../config/parse-config.ts";
import type { ConfigInput } from "../config/schema.ts";
import { readinessOf } from "./readiness.ts";

const upstreams = { a: { url: "http://a/mcp" }, b: { url: "http://b/mcp" } };
const weights = (a: number, b: number) => [
  { upstream: "a", weight: a },
  { upstream: "b", weight: b },
];
const deny = { match: { name: "x" }, deny: "no" };

it.each<[string, NonNullable<ConfigInput["routes"]>, readonly string[], boolean]>([
  ["merged upstreams, all available", [{ merge: "all" }], ["a", "b"], true],
  ["merged upstreams, one available", [{ merge: "all" }], ["b"], true],
  ["merged upstreams, none available", [{ merge: "all" }], [], false],
  ["two routes, one available", [{ match: { name: "x" }, to: "a" }, { to: "b" }], ["a"], true],
  ["a route whose upstream is unavailable", [deny, { to: "a" }], ["b"], false],
  ["weights, one available", [{ to: weights(1, 1) }], ["b"], true],
  ["weights, only one without weight available", [{ to: weights(1, 0) }], ["b"], false],
])("a gateway with %s", (_what, routes, available, isReady) => {
  const { config } = parseConfig({ upstreams, routes });
  const statuses = Object.keys(upstreams).map((name) => {
    const state = available.includes(name) ? ("up" as const) : ("out" as const);
    const replicas = [{ name: "1", state, inFlight: 0, ownSubscriptions: 0, failures: 0 }];
    return { name, kind: "url" as const, inFlight: 0, ownSubscriptions: 0, queued: 0, replicas };
  });
  const silent = Object.keys(upstreams).filter((name) => !available.includes(name));
  const problem = silent.length === 0 ? undefined : `no replica answers at ${silent.join(", ")}`;
  expect(readinessOf(config, statuses)).toEqual({ isReady, problem });
});

it("is not ready while a host name has no address", () => {
  const { config } = parseConfig({ upstreams: { a: { url: "http://a/mcp" } } });
  const status = {
    name: "a",
    kind: "url",
    inFlight: 0,
    ownSubscriptions: 0,
    queued: 0,
    replicas: [],
  } as const;
  expect(readinessOf(config, [status]).isReady).toBe(false);
});

import { createManualClock } from "lutra/testing";
import { describe, expect, it } from "vitest";
import { createUriForms } from "../subjects/uri-forms.ts";
import { RoutingTable } from "./routing-table.ts";

const clock = createManualClock();
const tableOf = (...upstreams: string[]) =>
  new RoutingTable({
    upstreams,
    prefix: "collision",
    forms: createUriForms(upstreams),
    now: clock.now,
  });
const learn = (
  table: RoutingTable,
  upstream: string,
  keys: readonly string[],
  scope: "public" | "private" = "public",
) => table.update("tools", { upstream, keys, scope });

describe("the routing table", () => {
  it("replaces the known keys with those of a public list", () => {
    const table = tableOf("a");
    learn(table, "a", ["x", "y"]);
    learn(table, "a", ["y", "z"]);
    const known = ["x", "y", "z"].map((name) => table.names("tools").origin(name)?.name);
    expect(known).toEqual([undefined, "y", "z"]);
  });

  it("merges private lists, and drops keys that were not seen for an hour", () => {
    const table = tableOf("a");
    learn(table, "a", ["x"], "private");
    clock.advance(3_599_999);
    learn(table, "a", ["y"], "private");
    expect(table.names("tools").origin("x")).toBeDefined();
    clock.advance(1);
    learn(table, "a", ["y"], "private");
    expect(table.names("tools").origin("x")).toBeUndefined();
  });

  it("keeps only the latest 10000 names", () => {
    const table = tableOf("a");
    const many = Array.from({ length: 10_000 }, (_, index) => `n${index}`);
    learn(table, "a", many, "private");
    learn(table, "a", ["new"], "private");
    expect(table.names("tools").origin("new")).toBeDefined();
    expect(table.names("tools").origin("n0")).toBeUndefined();
    expect(table.names("tools").origin("n1")).toBeDefined();
  });

  it("compiles names again only after a change", () => {
    const table = tableOf("a");
    learn(table, "a", ["x"]);
    const names = table.names("tools");
    learn(table, "a", ["x"]);
    expect(table.names("tools")).toBe(names);
    learn(table, "a", ["x", "y"]);
    expect(table.names("tools")).not.toBe(names);
  });

  it("reports lists that were never read, and lists that are outdated", () => {
    const table = tableOf("a", "b");
    learn(table, "a", ["x"]);
    expect(table.isCurrent(["tools"])).toBe(false);
    expect(table.unknownUpstreams(["tools"])).toEqual(["b"]);
    learn(table, "b", []);
    expect(table.isCurrent(["tools"])).toBe(true);
    expect(table.unknownUpstreams(["tools"])).toEqual([]);
    table.outdate("b", "promptsListChanged");
    expect(table.isCurrent(["tools"])).toBe(true);
    table.outdate("b", "toolsListChanged");
    expect(table.isCurrent(["tools"])).toBe(false);
    expect(table.unknownUpstreams(["tools"])).toEqual([]);
    expect(table.names("tools").origin("x")).toBeDefined();
  });
});

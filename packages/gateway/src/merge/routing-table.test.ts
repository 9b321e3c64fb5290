import { describe, expect, it } from "vitest";
import { createUriForms } from "../subjects/uri-forms.ts";
import { RoutingTable } from "./routing-table.ts";

const tableOf = (...upstreams: string[]) =>
  new RoutingTable({ upstreams, prefix: "collision", forms: createUriForms(upstreams) });

interface Learning {
  readonly scope?: "public" | "private";
  readonly caller?: string;
  readonly list?: "tools" | "resources" | "resourceTemplates";
}

const learn = (
  table: RoutingTable,
  upstream: string,
  keys: readonly string[],
  { scope = "public", caller = "ada", list = "tools" }: Learning = {},
) => table.update(list, { upstream, keys, scope, caller });

const origin = (table: RoutingTable, caller: string, name: string) =>
  table.of(caller).names("tools").origin(name);

describe("the routing table", () => {
  it("replaces the known keys by those of a public list, for all callers", () => {
    const table = tableOf("a");
    learn(table, "a", ["x", "y"]);
    learn(table, "a", ["y", "z"], { caller: "bob" });
    const known = ["x", "y", "z"].map((name) => origin(table, "eve", name)?.name);
    expect(known).toEqual([undefined, "y", "z"]);
  });

  it("keeps a private list for its caller alone", () => {
    const table = tableOf("a", "b");
    learn(table, "a", ["search"]);
    learn(table, "b", ["search"], { scope: "private", caller: "mallory" });
    expect(origin(table, "mallory", "search")).toBeUndefined();
    expect(origin(table, "mallory", "b.search")).toEqual({ upstream: "b", name: "search" });
    expect(origin(table, "bob", "search")).toEqual({ upstream: "a", name: "search" });
    expect(origin(table, "bob", "b.search")).toBeUndefined();
    expect(table.unknownUpstreams(["tools"], "mallory")).toEqual([]);
    expect(table.unknownUpstreams(["tools"], "bob")).toEqual(["b"]);
  });

  it("gives a URI of a template to no upstream that lists it for one caller", () => {
    const table = tableOf("db", "custom");
    learn(table, "db", ["db://{table}"], { list: "resourceTemplates" });
    learn(table, "custom", ["db://users"], { list: "resources", scope: "private", caller: "eve" });
    expect(table.of("bob").uris.find("db://users")?.upstream).toBe("db");
    expect(table.of("eve").uris.find("db://users")).toBeUndefined();
    learn(table, "custom", ["db://users"], { list: "resources" });
    expect(table.of("bob").uris.find("db://users")).toBeUndefined();
    expect(table.of("bob").uris.find("db+db://users")?.upstream).toBe("db");
  });

  it("replaces the private list of a caller, also by a public one", () => {
    const table = tableOf("a");
    learn(table, "a", ["x"], { scope: "private" });
    learn(table, "a", ["y"], { scope: "private" });
    expect([origin(table, "ada", "x"), origin(table, "ada", "y")?.name]).toEqual([undefined, "y"]);
    learn(table, "a", ["z"]);
    expect([origin(table, "ada", "y"), origin(table, "ada", "z")?.name]).toEqual([undefined, "z"]);
  });

  it("keeps the private lists of a limited number of callers, the latest", () => {
    const table = tableOf("a");
    const names = (caller: number) => [`n${caller}`];
    for (let caller = 0; caller <= 10_000; caller += 1) {
      learn(table, "a", names(caller), { scope: "private", caller: `c${caller}` });
    }
    const known = [0, 1, 10_000].map((caller) => origin(table, `c${caller}`, `n${caller}`)?.name);
    expect(known).toEqual([undefined, "n1", "n10000"]);
  });

  it("keeps a limited number of names in different private lists, the latest", () => {
    const table = tableOf("a");
    const many = Array.from({ length: 10_000 }, (_, index) => `n${index}`);
    for (let caller = 0; caller <= 100; caller += 1) {
      learn(table, "a", [...many.slice(1), `own${caller}`], {
        scope: "private",
        caller: `c${caller}`,
      });
    }
    const known = [0, 1, 100].map((caller) => origin(table, `c${caller}`, `own${caller}`)?.name);
    expect(known).toEqual([undefined, "own1", "own100"]);
  });

  it("keeps the views of callers until a list changes", () => {
    const table = tableOf("a");
    learn(table, "a", ["x"]);
    const view = table.of("ada");
    learn(table, "a", ["x"]);
    expect(table.of("bob")).toBe(view);
    learn(table, "a", ["x", "y"]);
    expect(table.of("ada")).not.toBe(view);
    expect(origin(table, "ada", "y")).toBeDefined();
  });

  it("reports lists that were never read, and lists that are outdated", () => {
    const table = tableOf("a", "b");
    const isCurrent = () => table.isCurrent(["tools"], "ada");
    learn(table, "a", ["x"]);
    expect(isCurrent()).toBe(false);
    expect(table.unknownUpstreams(["tools"], "ada")).toEqual(["b"]);
    learn(table, "b", [], { scope: "private" });
    expect(isCurrent()).toBe(true);
    expect(table.unknownUpstreams(["tools"], "ada")).toEqual([]);
    table.outdate("b", "promptsListChanged");
    expect(isCurrent()).toBe(true);
    table.outdate("b", "toolsListChanged");
    expect(isCurrent()).toBe(false);
    expect(table.unknownUpstreams(["tools"], "ada")).toEqual([]);
    expect(origin(table, "ada", "x")).toBeDefined();
  });
});

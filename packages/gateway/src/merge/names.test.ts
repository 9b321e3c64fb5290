import fc from "fast-check";
import { isPortableName } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { createNameTable, type UpstreamNames } from "./names.ts";

const lists = (names: Readonly<Record<string, readonly string[]>>): readonly UpstreamNames[] =>
  Object.entries(names).map(([upstream, own]) => ({ upstream, names: own }));

const shownOf = (
  names: Readonly<Record<string, readonly string[]>>,
  rule: "collision" | "always" = "collision",
) => {
  const table = createNameTable(lists(names), rule);
  return Object.entries(names).flatMap(([upstream, own]) =>
    own.map((name) => table.shown(upstream, name)),
  );
};

describe("names of several upstreams", () => {
  it("stay as they are when only one upstream has them", () => {
    expect(shownOf({ a: ["search"], b: ["store"] })).toEqual(["search", "store"]);
  });

  it("begin with their upstream, all of them, when several have them", () => {
    expect(shownOf({ a: ["search", "x"], b: ["search"], c: ["search"] })).toEqual([
      "a.search",
      "x",
      "b.search",
      "c.search",
    ]);
  });

  it("always begin with their upstream where the route says so", () => {
    expect(shownOf({ a: ["x"], b: ["y"] }, "always")).toEqual(["a.x", "b.y"]);
  });

  it("give way when they are equal to another one with its prefix, and so on", () => {
    const names = { a: ["search"], b: ["search", "a.search"], c: ["b.a.search"] };
    expect(shownOf(names)).toEqual(["a.search", "b.search", "b.a.search", "c.b.a.search"]);
  });

  it("do not depend on the order of the upstreams", () => {
    const table = createNameTable(lists({ b: ["s", "a.s"], a: ["s"] }), "collision");
    expect(table.shown("a", "s")).toBe("a.s");
    expect(table.shown("b", "a.s")).toBe("b.a.s");
  });

  it("are not changed by an upstream that has none of them", () => {
    const before = { a: ["s", "t"], b: ["s"] };
    expect(shownOf({ ...before, c: ["u"] }).slice(0, 3)).toEqual(shownOf(before));
  });

  it("are refused when they collide: what was plain is nobody's", () => {
    const table = createNameTable(lists({ a: ["s"], b: ["s"] }), "collision");
    expect(table.origin("s")).toBeUndefined();
    expect(table.origin("b.s")).toEqual({ upstream: "b", name: "s" });
  });

  it("stay legal: a prefix that makes one too long shortens it to 128 characters", () => {
    const names = [`${"n".repeat(127)}1`, `${"n".repeat(127)}2`];
    const shown = shownOf({ upstream: names, b: names });
    for (const name of shown) expect(isPortableName(name as string)).toBe(true);
    expect(new Set(shown).size).toBe(4);
  });
});

const upstream = fc.constantFrom("a", "b", "c", "d_1");
const name = fc.oneof(
  fc.constantFrom("s", "t", "a.s", "b.s", "a.a.s", "b.a.s", "c.b.s", "d_1.s", ""),
  fc.string(),
);
const catalogues = fc.dictionary(upstream, fc.uniqueArray(name, { maxLength: 12 }));

describe("the mapping of names", () => {
  it.each(["collision", "always"] as const)("is a bijection, with prefix %s", (rule) => {
    fc.assert(
      fc.property(catalogues, (names) => {
        const table = createNameTable(lists(names), rule);
        const seen = new Set<string>();
        for (const [upstream, own] of Object.entries(names)) {
          for (const one of own) {
            const shown = table.shown(upstream, one) as string;
            expect(table.origin(shown)).toEqual({ upstream, name: one });
            expect(seen.has(shown)).toBe(false);
            seen.add(shown);
          }
        }
      }),
    );
  });

  it("is the same whatever the order of upstreams and names", () => {
    fc.assert(
      fc.property(catalogues, (names) => {
        const forwards = createNameTable(lists(names), "collision");
        const reversed = lists(names)
          .map(({ upstream, names: own }) => ({ upstream, names: [...own].reverse() }))
          .reverse();
        const backwards = createNameTable(reversed, "collision");
        for (const [upstream, own] of Object.entries(names)) {
          for (const one of own) {
            expect(backwards.shown(upstream, one)).toBe(forwards.shown(upstream, one));
          }
        }
      }),
    );
  });
});

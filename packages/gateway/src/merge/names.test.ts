import fc from "fast-check";
import { isPortableName } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { ListedKeys } from "./listed-keys.ts";
import { NameTable } from "./names.ts";

const lists = (names: Readonly<Record<string, readonly string[]>>): readonly ListedKeys[] =>
  Object.entries(names).map(([upstream, own]) => new ListedKeys(upstream, own));

const shownOf = (
  names: Readonly<Record<string, readonly string[]>>,
  rule: "collision" | "always" = "collision",
) => {
  const table = new NameTable(lists(names), rule);
  return Object.entries(names).flatMap(([upstream, own]) =>
    own.map((name) => table.shown(upstream, name)),
  );
};

describe("the table of names", () => {
  it("leaves a name unchanged that only one upstream has", () => {
    expect(shownOf({ a: ["search"], b: ["store"] })).toEqual(["search", "store"]);
  });

  it("adds the prefix for all upstreams that share a name", () => {
    expect(shownOf({ a: ["search", "x"], b: ["search"], c: ["search"] })).toEqual([
      "a.search",
      "x",
      "b.search",
      "c.search",
    ]);
  });

  it("adds the prefix to all names with the rule always", () => {
    expect(shownOf({ a: ["x"], b: ["y"] }, "always")).toEqual(["a.x", "b.y"]);
  });

  it("adds a prefix to a plain name that equals a prefixed one, and so on", () => {
    const names = { a: ["search"], b: ["search", "a.search"], c: ["b.a.search"] };
    expect(shownOf(names)).toEqual(["a.search", "b.search", "b.a.search", "c.b.a.search"]);
  });

  it("yields the same names in any order of the upstreams", () => {
    const table = new NameTable(lists({ b: ["s", "a.s"], a: ["s"] }), "collision");
    expect(table.shown("a", "s")).toBe("a.s");
    expect(table.shown("b", "a.s")).toBe("b.a.s");
  });

  it("does not change names when an upstream with other names is added", () => {
    const before = { a: ["s", "t"], b: ["s"] };
    expect(shownOf({ ...before, c: ["u"] }).slice(0, 3)).toEqual(shownOf(before));
  });

  it("no longer finds a plain name once it collides", () => {
    const table = new NameTable(lists({ a: ["s"], b: ["s"] }), "collision");
    expect(table.origin("s")).toBeUndefined();
    expect(table.origin("b.s")).toEqual({ upstream: "b", name: "s" });
  });

  it("shortens a name to 128 characters if its prefix makes it too long", () => {
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

describe("the table of any names", () => {
  it.each(["collision", "always"] as const)(
    "maps names one to one, with the prefix rule %s",
    (rule) => {
      fc.assert(
        fc.property(catalogues, (names) => {
          const table = new NameTable(lists(names), rule);
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
    },
  );

  it("yields the same table in any order of upstreams and names", () => {
    fc.assert(
      fc.property(catalogues, (names) => {
        const forwards = new NameTable(lists(names), "collision");
        const reversed = lists(names)
          .map(({ upstream, keys }) => new ListedKeys(upstream, [...keys].reverse()))
          .reverse();
        const backwards = new NameTable(reversed, "collision");
        for (const [upstream, own] of Object.entries(names)) {
          for (const one of own) {
            expect(backwards.shown(upstream, one)).toBe(forwards.shown(upstream, one));
          }
        }
      }),
    );
  });
});

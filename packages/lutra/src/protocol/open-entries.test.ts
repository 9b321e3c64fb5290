import { expect, it } from "vitest";
import { OpenMap, OpenSet } from "./open-entries.ts";

it("an OpenSet iterates in the order of addition, and knows its first value and its size", () => {
  const set = new OpenSet<string>();
  const [a, b, c] = ["a", "b", "c"].map((value) => set.add(value));
  expect([...set]).toEqual(["a", "b", "c"]);
  expect([set.size, set.first]).toEqual([3, "a"]);
  for (const [entry, left] of [
    [b, ["a", "c"]],
    [a, ["c"]],
    [c, []],
  ] as const) {
    expect(set.delete(entry as NonNullable<typeof entry>)).toBe(true);
    expect([...set]).toEqual(left);
    expect([set.size, set.first]).toEqual([left.length, left[0]]);
  }
  set.add("d");
  expect([...set]).toEqual(["d"]);
});

it("an OpenSet removes each entry once, and a removed entry refers to nothing", () => {
  const set = new OpenSet<object>();
  set.add({});
  const entry = set.add({});
  set.add({});
  expect(set.delete(entry)).toBe(true);
  expect(set.delete(entry)).toBe(false);
  expect(set.size).toBe(2);
  expect({ ...entry }).toEqual({ value: undefined, previous: undefined, next: undefined });
});

it("an OpenSet that changes during an iteration leaves out what was removed", () => {
  const set = new OpenSet<string>();
  const entries = ["a", "b", "c"].map((value) => set.add(value));
  const seen: string[] = [];
  for (const value of set) {
    seen.push(value);
    for (const entry of entries.slice(0, 2)) set.delete(entry);
    set.add("later");
  }
  expect(seen).toEqual(["a", "c"]);
});

it("an OpenMap behaves as a Map", () => {
  const map = new OpenMap<string, number>();
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  expect([map.get("a"), map.get("b"), map.get("c")]).toEqual([3, 2, undefined]);
  expect([map.has("a"), map.has("c"), map.size]).toEqual([true, false, 2]);
  expect([...map.keys()]).toEqual(["a", "b"]);
  expect(map.values()).toEqual([3, 2]);
  expect([map.delete("a"), map.delete("a")]).toEqual([true, false]);
  expect([map.get("a"), map.size]).toEqual([undefined, 1]);
  map.clear();
  expect([map.size, map.values()]).toEqual([0, []]);
});

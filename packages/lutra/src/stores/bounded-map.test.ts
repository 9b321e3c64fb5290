import { expect, it } from "vitest";
import { BoundedMap } from "./bounded-map.ts";

const keysOf = (map: BoundedMap<string, string>) => [...map.keys()].join("");

it("drops the entry that was set least recently when it is full", () => {
  const map = new BoundedMap<string, string>({ maxEntries: 2 });
  for (const key of ["a", "b", "c"]) map.set(key, key);
  expect([...map]).toEqual([
    ["b", "b"],
    ["c", "c"],
  ]);
  expect(map.size).toBe(2);
  expect(map.get("a")).toBeUndefined();
});

it("moves an entry that is set again to the end", () => {
  const map = new BoundedMap<string, string>({ maxEntries: 2 });
  for (const key of ["a", "b", "a", "c"]) map.set(key, key);
  expect(keysOf(map)).toBe("ac");
});

it("keeps the order when an entry is read", () => {
  const map = new BoundedMap<string, string>({ maxEntries: 2 });
  map.set("a", "1");
  map.set("b", "2");
  expect(map.get("a")).toBe("1");
  expect(map.has("a")).toBe(true);
  map.set("c", "3");
  expect(keysOf(map)).toBe("bc");
});

it("drops as many entries as the weight of a new one requires", () => {
  const map = new BoundedMap<string, string>({
    maxEntries: 10,
    maxWeight: 6,
    weightOf: ({ length }) => length,
  });
  map.set("a", "12");
  map.set("b", "12");
  map.set("c", "12");
  expect(keysOf(map)).toBe("abc");
  map.set("d", "123");
  expect(keysOf(map)).toBe("cd");
});

it("counts the weight of deleted, replaced and cleared entries no longer", () => {
  const map = new BoundedMap<string, string>({
    maxEntries: 10,
    maxWeight: 4,
    weightOf: ({ length }) => length,
  });
  map.set("a", "1234");
  map.set("a", "12");
  map.set("b", "12");
  expect(keysOf(map)).toBe("ab");
  expect(map.delete("a")).toBe(true);
  expect(map.delete("a")).toBe(false);
  map.set("c", "12");
  expect(keysOf(map)).toBe("bc");
  map.clear();
  expect(map.size).toBe(0);
  map.set("d", "1234");
  expect(keysOf(map)).toBe("d");
});

it("does not keep an entry that is above the limit alone", () => {
  const map = new BoundedMap<string, string>({
    maxEntries: 10,
    maxWeight: 2,
    weightOf: ({ length }) => length,
  });
  map.set("a", "123");
  expect(map.size).toBe(0);
});

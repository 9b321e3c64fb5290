import { describe, expect, it } from "vitest";
import { placesOf } from "../fixtures/places.ts";

describe("the rule memory-state", () => {
  it.each([
    ["const seen = new Set();\nexport function add(id) { seen.add(id); }", "seen"],
    ["const levels = new WeakMap();\nrun((server) => levels.set(server, 1));", "levels"],
    ["const list = [];\nexport const add = (id) => list.push(id);", "list"],
    ["export const cache = {};\nfunction put(key, value) { cache[key] = value; }", "cache"],
    ["const cache: Record<string, number> = {};\nrun(() => { delete cache.a; });", "cache"],
    ["const groups = {};\nrun((key) => { groups[key].push(1); });", "groups"],
    ["let count = 0;\nrun(() => { count += 1; });", "count"],
    ["let count = 0;\nrun(() => { count++; });", "count"],
  ])("finds %s", (source, found) => {
    expect(placesOf("memory-state", source)).toEqual([`1: ${found}`]);
  });

  it("finds fields of a class, also those that the constructor fills", () => {
    const source = `class Thoughts {
      history = [];
      constructor() { this.branches = {}; }
      think(thought) { this.history.push(thought); this.branches[thought.id] = thought; }
    }`;
    expect(placesOf("memory-state", source)).toEqual(["2: this.history", "3: this.branches"]);
  });

  it.each([
    ["a value that no function changes", "const names = new Map();\nnames.set(1, 2);"],
    [
      "a local variable of the same name",
      "const a = [];\nfunction f() { const a = []; a.push(1); }",
    ],
    ["a parameter of the same name", "const a = [];\nfunction f({ b: a = [] }) { a.push(1); }"],
    [
      "what only the start changes",
      "let db;\nasync function main() { db = open(); }\nawait main();",
    ],
    [
      "a constant that holds another object",
      "const socket = open();\nrun(() => { socket.add(1); });",
    ],
  ])("ignores %s", (_name, source) => {
    expect(placesOf("memory-state", source)).toEqual([]);
  });

  it("finds a variable that a function of the start and another one change", () => {
    const source = "let db;\nfunction main() { open(); }\nfunction open() { db = 1; }\nmain();";
    expect(placesOf("memory-state", source)).toEqual(["1: db"]);
  });

  it("does not report a container twice that is kept for each session", () => {
    const source = "const all = new Map();\nfunction end(sessionId) { all.delete(sessionId); }";
    expect(placesOf("memory-state", source)).toEqual([]);
  });
});

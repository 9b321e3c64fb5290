import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { rules } from "./index.ts";

const folder = import.meta.dirname;
const tests = [
  "api",
  "error-codes",
  "logging",
  "memory",
  "server-requests",
  "sessions",
  "subscriptions",
  "tasks",
  "transports",
].map((name) => readFileSync(join(folder, `${name}.test.ts`), "utf8"));

it("have different ids", () => {
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
});

it.each(rules)("$id is named by a test", ({ id }) => {
  const isNamed = (text: string) => text.includes(`"${id}"`) || text.includes(`rule ${id}`);
  expect(tests.filter(isNamed)).not.toEqual([]);
});

/** The built `@lutra/stores` loads only the driver of the engine in use. */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const dist = fileURLToPath(new URL("../../packages/stores/dist", import.meta.url));

/** The packages that an entry point imports as it loads, by itself or through its own files. */
function packagesOf(entry: string): readonly string[] {
  const files = new Set([join(dist, entry)]);
  const found = new Set<string>();
  for (const file of files) {
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/ from "([^"]+)";/g)) {
      if (name.startsWith(".")) files.add(resolve(dirname(file), name));
      else if (!name.startsWith("node:") && !name.startsWith("lutra/")) found.add(name);
    }
  }
  return [...found].sort();
}

it.each([
  ["index.js", []],
  ["sqlite/index.js", ["libsql"]],
  ["postgres/index.js", ["pg"]],
  ["redis/index.js", ["ioredis"]],
])("%s loads %j", (entry, packages) => {
  expect(packagesOf(entry)).toEqual(packages);
});

it.each([
  ["@lutra/stores", ["openBus", "openShared", "openStore"]],
  ["@lutra/stores/sqlite", ["openSqlite"]],
  ["@lutra/stores/postgres", ["openPostgres"]],
  ["@lutra/stores/redis", ["openRedis"]],
])("%s exports %j; additions are deliberate", async (name, exports) => {
  expect(Object.keys(await import(name)).sort()).toEqual(exports);
});

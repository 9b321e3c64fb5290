/** The import directions of biome.json, each tried with an import that keeps or breaks it. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

const allowed = [
  ["packages/lutra/src/protocol/a.ts", "./b.ts"],
  ["packages/lutra/src/protocol/a.test.ts", "../testing/b.ts"],
  ["packages/lutra/src/stores/fixtures/a.mjs", "node:child_process"],
  ["packages/lutra/src/schema/a.ts", "@standard-schema/spec"],
  ["packages/lutra/src/server/a.ts", "../protocol/b.ts"],
  ["packages/lutra/src/server/a.ts", "../schema/b.ts"],
  ["packages/lutra/src/server/a.ts", "../stores/b.ts"],
  ["packages/lutra/src/server/handler/a.ts", "../../protocol/b.ts"],
  ["packages/lutra/src/server/handler/a.ts", "../results.ts"],
  ["packages/lutra/src/server/index.ts", "../legacy/b.ts"],
  ["packages/lutra/src/client/a.ts", "../transport/http/b.ts"],
  ["packages/lutra/src/client/a.ts", "../stores/b.ts"],
  ["packages/lutra/src/client/a.ts", "../middleware/b.ts"],
  ["packages/lutra/src/client/index.ts", "../middleware/b.ts"],
  ["packages/lutra/src/client/index.ts", "../extensions/tasks/b.ts"],
  ["packages/lutra/src/client/node.ts", "node:child_process"],
  ["packages/lutra/src/middleware/a.ts", "../protocol/b.ts"],
  ["packages/lutra/src/middleware/a.ts", "../stores/b.ts"],
  ["packages/lutra/src/transport/memory.ts", "../protocol/b.ts"],
  ["packages/lutra/src/transport/node.ts", "node:http"],
  ["packages/lutra/src/transport/http/a.ts", "../../protocol/b.ts"],
  ["packages/lutra/src/transport/http/node-handler.ts", "node:http"],
  ["packages/lutra/src/transport/stdio/a.ts", "node:child_process"],
  ["packages/lutra/src/extensions/tasks/a.ts", "../../server/b.ts"],
  ["packages/lutra/src/extensions/tasks/a.ts", "../../client/b.ts"],
  ["packages/lutra/src/extensions/tasks/server/a.ts", "../../../server/b.ts"],
  ["packages/lutra/src/extensions/tasks/server/a.ts", "../b.ts"],
  ["packages/lutra/src/apps/protocol/a.ts", "../../protocol/b.ts"],
  ["packages/lutra/src/apps/server/a.ts", "../../server/b.ts"],
  ["packages/lutra/src/apps/server/a.ts", "../protocol/b.ts"],
  ["packages/lutra/src/apps/view/a.ts", "../protocol/b.ts"],
  ["packages/lutra/src/apps/host/a.ts", "../../client/b.ts"],
  ["packages/lutra/src/apps/host/bridge/a.ts", "../../protocol/b.ts"],
  ["packages/lutra/src/apps/host/bridge/a.ts", "../../../time/b.ts"],
  ["packages/lutra/src/auth/a.ts", "../transport/b.ts"],
  ["packages/lutra/src/auth/fetch/a.ts", "../../protocol/b.ts"],
  ["packages/lutra/src/auth/client/a.ts", "../fetch/b.ts"],
  ["packages/lutra/src/bridges/a.ts", "../client/b.ts"],
  ["packages/lutra/src/bridges/a.ts", "../protocol/b.ts"],
  ["packages/lutra/src/otel/a.ts", "../protocol/b.ts"],
  ["packages/lutra/src/otel/a.ts", "../server/handler/observer.ts"],
  ["packages/lutra/src/testing/a.ts", "../server/b.ts"],
  ["packages/gateway/src/replicas/a.ts", "../config/b.ts"],
  ["packages/gateway/src/replicas/a.ts", "../wire/b.ts"],
  ["packages/gateway/src/delivery/a.ts", "../wire/b.ts"],
  ["packages/gateway/src/replicas/a.test.ts", "../delivery/fixtures/b.ts"],
  ["packages/gateway/src/delivery/a.ts", "../replicas/b.ts"],
  ["packages/gateway/src/delivery/a.ts", "../exchange-record.ts"],
  ["packages/gateway/src/upstreams/a.ts", "../delivery/b.ts"],
  ["packages/gateway/src/upstreams/a.ts", "../replicas/b.ts"],
  ["packages/gateway/src/routes/a.ts", "../upstreams/b.ts"],
  ["packages/cli/src/a.ts", "lutra/server"],
  ["packages/stores/src/sqlite/a.ts", "libsql"],
  ["packages/stores/src/postgres/a.ts", "pg"],
  ["packages/stores/src/postgres/a.ts", "../relayed-bus.ts"],
  ["packages/stores/src/postgres/a.ts", "../sql/b.ts"],
  ["packages/stores/src/sqlite/a.ts", "../sql/b.ts"],
  ["packages/stores/src/redis/a.ts", "ioredis"],
  ["packages/stores/src/a.ts", "lutra/stores"],
  ["examples/a.ts", "lutra/client"],
] as const;

const forbidden = [
  ["packages/lutra/src/protocol/a.ts", "../server/b.ts"],
  ["packages/lutra/src/protocol/a.ts", "zod"],
  ["packages/lutra/src/protocol/index.ts", "../legacy/b.ts"],
  ["packages/lutra/src/schema/a.ts", "../server/b.ts"],
  ["packages/lutra/src/server/a.ts", "../client/b.ts"],
  ["packages/lutra/src/server/a.ts", "../legacy/b.ts"],
  ["packages/lutra/src/server/a.ts", "../extensions/tasks/b.ts"],
  ["packages/lutra/src/apps/protocol/a.ts", "../server/b.ts"],
  ["packages/lutra/src/apps/server/a.ts", "../view/b.ts"],
  ["packages/lutra/src/apps/view/a.ts", "../../client/b.ts"],
  ["packages/lutra/src/apps/host/a.ts", "../../server/b.ts"],
  ["packages/lutra/src/apps/host/bridge/a.ts", "../../../server/b.ts"],
  ["packages/lutra/src/server/handler/a.ts", "../tools.ts"],
  ["packages/lutra/src/server/handler/a.ts", "../../client/b.ts"],
  ["packages/lutra/src/server/index.ts", "../client/b.ts"],
  ["packages/lutra/src/client/a.ts", "../server/b.ts"],
  ["packages/lutra/src/client/index.ts", "../server/b.ts"],
  ["packages/lutra/src/transport/memory.ts", "../server/b.ts"],
  ["packages/lutra/src/transport/http/a.ts", "../../server/b.ts"],
  ["packages/lutra/src/transport/stdio/a.ts", "../../client/b.ts"],
  ["packages/lutra/src/middleware/a.ts", "../server/b.ts"],
  ["packages/lutra/src/middleware/a.ts", "../client/b.ts"],
  ["packages/lutra/src/middleware/a.ts", "../transport/b.ts"],
  ["packages/lutra/src/auth/a.ts", "../server/b.ts"],
  ["packages/lutra/src/auth/fetch/a.ts", "../../client/b.ts"],
  ["packages/lutra/src/transport/http/a.ts", "../../auth/b.ts"],
  ["packages/lutra/src/server/a.ts", "../auth/b.ts"],
  ["packages/lutra/src/bridges/a.ts", "../server/b.ts"],
  ["packages/lutra/src/otel/a.ts", "../server/b.ts"],
  ["packages/lutra/src/bridges/a.ts", "../transport/http/b.ts"],
  ["packages/lutra/src/stores/a.ts", "../server/b.ts"],
  ["packages/lutra/src/stores/a.ts", "../middleware/b.ts"],
  ["packages/lutra/src/extensions/tasks/a.ts", "../../transport/b.ts"],
  ["packages/lutra/src/extensions/tasks/a.ts", "../apps/b.ts"],
  ["packages/lutra/src/extensions/tasks/server/a.ts", "../client/b.ts"],
  ["packages/lutra/src/extensions/tasks/server/a.ts", "../../../transport/b.ts"],
  ["packages/lutra/src/testing/a.ts", "../legacy/b.ts"],
  ["packages/stores/src/a.ts", "libsql"],
  ["packages/stores/src/sqlite/a.ts", "pg"],
  ["packages/stores/src/postgres/a.ts", "../redis/b.ts"],
  ["packages/stores/src/sql/a.ts", "pg"],
  ["packages/stores/src/redis/a.ts", "../../../lutra/src/server/b.ts"],
  ["packages/gateway/src/wire/a.ts", "../replicas/b.ts"],
  ["packages/gateway/src/replicas/a.ts", "../delivery/b.ts"],
  ["packages/gateway/src/replicas/a.ts", "../upstreams/b.ts"],
  ["packages/gateway/src/delivery/a.ts", "../upstreams/b.ts"],
  ["packages/gateway/src/delivery/a.ts", "../routes/b.ts"],
  ["packages/gateway/src/delivery/a.ts", "../../../lutra/src/server/b.ts"],
  ["packages/gateway/src/upstreams/a.ts", "../routes/b.ts"],
  ["packages/gateway/src/upstreams/a.ts", "../merge/b.ts"],
  ["packages/cli/src/a.ts", "lutra"],
  ["packages/cli/src/a.ts", "../../lutra/src/server/b.ts"],
  ["examples/a.ts", "lutra/dist/server/index.js"],
  ["bench/a.ts", "../packages/lutra/src/server/b.ts"],
] as const;

const withoutNode = [
  ["packages/lutra/src/protocol/a.ts", "node:fs"],
  ["packages/lutra/src/schema/a.ts", "node:fs"],
  ["packages/lutra/src/server/a.ts", "node:crypto"],
  ["packages/lutra/src/client/a.ts", "node:child_process"],
  ["packages/lutra/src/middleware/a.ts", "node:fs"],
  ["packages/lutra/src/stores/a.ts", "node:fs"],
  ["packages/lutra/src/transport/memory.ts", "node:fs"],
  ["packages/lutra/src/extensions/tasks/a.ts", "node:fs"],
  ["packages/lutra/src/transport/http/a.ts", "node:http"],
] as const;

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string; readonly start: { readonly line: number } };
}

/** The imports of all tables by file: the position in the list is the line in the file. */
const files = new Map<string, string[]>();
let diagnostics: readonly Diagnostic[] = [];

beforeAll(() => {
  for (const [path, specifier] of [...allowed, ...forbidden, ...withoutNode]) {
    files.set(path, [...(files.get(path) ?? []), specifier]);
  }
  const folder = mkdtempSync(join(tmpdir(), "lutra-imports-"));
  for (const name of ["biome.json", ".gitignore"])
    copyFileSync(join(root, name), join(folder, name));
  for (const [path, specifiers] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), specifiers.map((name) => `import "${name}";\n`).join(""));
  }
  diagnostics = lint(folder);
  rmSync(folder, { recursive: true });
});

function lint(folder: string): readonly Diagnostic[] {
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  const report = join(folder, "report.json");
  const args = ["lint", "--reporter=json", `--reporter-file=${report}`, "--max-diagnostics=none"];
  spawnSync(process.execPath, [biome, ...args], { cwd: folder });
  return JSON.parse(readFileSync(report, "utf8")).diagnostics;
}

function rulesBroken(path: string, specifier: string): string[] {
  const line = (files.get(path) ?? []).indexOf(specifier) + 1;
  const found = diagnostics.filter(
    ({ location }) => location.path === path && location.start.line === line,
  );
  return found.map(({ category }) => category);
}

it.each(allowed)("%s may import %s", (path, specifier) => {
  expect(rulesBroken(path, specifier)).toEqual([]);
});

it.each(forbidden)("%s may not import %s", (path, specifier) => {
  expect(rulesBroken(path, specifier)).toContain("lint/style/noRestrictedImports");
});

it.each(withoutNode)("%s does without Node: %s", (path, specifier) => {
  expect(rulesBroken(path, specifier)).toContain("lint/correctness/noNodejsModules");
});

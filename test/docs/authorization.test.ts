/** Runs the programs of docs/authorization.md and of examples/protected. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readBlocks } from "../../tools/docs-blocks.ts";

const root = join(import.meta.dirname, "../..");

it("try.ts prints the output that the page shows", () => {
  const folder = join(root, ".lutra/authorization");
  mkdirSync(folder, { recursive: true });
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const blocks = readBlocks(root).filter(({ path }) => path === "docs/authorization.md");
  for (const name of ["server.ts", "try.ts"]) {
    const block = blocks.find((each) => each.name === name);
    writeFileSync(join(folder, name), block?.text ?? "");
  }
  const args = ["--import", "tsx", "try.ts"];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(blocks.map(({ shown }) => shown.trim())).toContain(stdout.trim());
});

it("examples/protected answers with metadata, challenges and results", () => {
  const args = ["--import", "tsx", "examples/protected/start.ts"];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  const metadata =
    'resource_metadata="https://library.example.com/.well-known/oauth-protected-resource/mcp"';
  expect(stderr).toBe("");
  expect(stdout).toContain('"resource":"https://library.example.com/mcp"');
  const [, ...lines] = stdout.trim().split("\n");
  expect(lines).toEqual([
    `no token: Authorization: expected valid credentials (Bearer ${metadata})`,
    `no token: Authorization: expected valid credentials (Bearer ${metadata})`,
    'books:read: [{"type":"text","text":"Momo, Matilda"}]',
    `books:read: Forbidden: requires the scope books:write (Bearer error="insufficient_scope", scope="books:write", ${metadata})`,
    'books:write: [{"type":"text","text":"Momo, Matilda"}]',
    'books:write: [{"type":"text","text":"Added Krabat"}]',
  ]);
});

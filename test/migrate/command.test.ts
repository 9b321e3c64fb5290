/** `lutra migrate`: its output for people and for programs, its changes and its exit codes. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { main } from "../../packages/cli/src/main.ts";

function folderWith(files: { readonly [path: string]: string }): string {
  const folder = mkdtempSync(join(tmpdir(), "lutra-migrate-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

async function run(...words: readonly string[]) {
  const output: string[] = [];
  const errors: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void output.push(line));
  const error = vi.spyOn(console, "error").mockImplementation((line) => void errors.push(line));
  onTestFinished(() => [log, error].forEach((spy) => void spy.mockRestore()));
  const code = await main(["migrate", ...words]);
  return { code, output: output.join("\n"), errors: errors.join("\n") };
}

const sdk = `import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";`;
const server = `${sdk}
const server = new McpServer({ name: "a", version: "1" });
const ids = new Map();
run((request) => ids.set(request.headers["mcp-session-id"], request.sessionId));
`;

describe("lutra migrate", () => {
  it("groups the findings by level and rule, with files and lines", async () => {
    const folder = folderWith({
      "src/a.ts": server,
      "src/b.ts": `import "./a.ts";\nserver.sessionId;`,
    });
    const { code, output } = await run(folder);
    expect(code).toBe(1);
    expect(output).toContain(`${folder}: 2 files, of which 2 connected with official-v1`);
    expect(output).toMatch(/\nBlocks: [^\n]+\n\n {2}session-id \(2\): Session ids\n/);
    expect(output).toContain(
      "\n    See https://github.com/lutra-mcp/lutra/blob/main/docs/migrating.md#from-sessions-to-handles\n",
    );
    expect(output).toContain("\n    src/a.ts:4\n    src/b.ts:2\n");
    expect(output).toMatch(/\nblocks: 2, replace: 1, check: 1$/);
  });

  it("prints one object with --json", async () => {
    const { code, output } = await run(folderWith({ "a.ts": server }), "--json");
    expect(code).toBe(1);
    expect(JSON.parse(output)).toMatchObject({ format: 1, files: 1, connected: 1 });
    expect(Object.keys(JSON.parse(output))).not.toContain("written");
  });

  it("exits with 0 if nothing is left to change", async () => {
    const { code, output } = await run(folderWith({ "a.ts": `import "lutra/server";` }));
    expect(code).toBe(0);
    expect(output).toContain("connected with no SDK that this command knows");
    expect(output).toMatch(/\nnothing is left to change$/);
  });

  it("changes the files with --write", async () => {
    const folder = folderWith({ "a.ts": server, "b.ts": "export {};" });
    const { code, output } = await run(folder, "--write");
    expect(code).toBe(1);
    expect(output).toContain("1 file changed\n  a.ts: 1 rewritten, 2 marked with a comment");
    expect(output).toMatch(/npm install lutra, then change the places marked with "[^"]+"\.$/);
    const text = readFileSync(join(folder, "a.ts"), "utf8");
    expect(text).toContain(`createServer({ name: "a", version: "1" })`);
    expect(text).toContain("// lutra migrate (session-id): ");
    expect(readFileSync(join(folder, "b.ts"), "utf8")).toBe("export {};");
  });

  it.each([
    ["a path that does not exist", {}, "none", "none: no such file or folder"],
    ["a folder without sources", { "a.md": "" }, "", ": expected a source file in this folder"],
  ])("refuses %s", async (_name, files, path, message) => {
    const { code, errors } = await run(join(folderWith(files), path));
    expect([code, errors]).toEqual([1, expect.stringContaining(message)]);
  });

  it("refuses a command line without a folder", async () => {
    expect((await run()).code).toBe(2);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readProgram } from "./report.ts";

/** Writes files into a new folder. */
function folderWith(files: { readonly [path: string]: string }): string {
  const folder = mkdtempSync(join(tmpdir(), "lutra-migrate-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const sdk = `import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";`;

describe("the report", () => {
  it("names the file, the line and the column of each finding, in their order", async () => {
    const folder = folderWith({
      "b.ts": `${sdk}\nexport const server = new McpServer(info);`,
      "a/session.js": `import "../b.js";\n\n  use(request.headers["mcp-session-id"]);`,
    });
    const { report } = await readProgram(folder);
    expect(report).toEqual({
      format: 1,
      revision: "2026-07-28",
      sdks: ["official-v1"],
      files: 2,
      connected: 2,
      findings: [
        {
          rule: "session-id",
          level: "blocks",
          file: "a/session.js",
          line: 3,
          column: 23,
          found: "mcp-session-id",
        },
        {
          rule: "server-api",
          level: "replace",
          file: "b.ts",
          line: 2,
          column: 27,
          found: "McpServer",
        },
      ],
      unread: [],
    });
  });

  it("has one finding of a rule for each line", async () => {
    const line = `${sdk} a.sessionId === b.sessionId;`;
    const { report } = await readProgram(folderWith({ "a.ts": line }));
    expect(report.findings.map(({ rule }) => rule)).toEqual(["session-id"]);
  });

  it("leaves out files that no import connects with an SDK", async () => {
    const { report } = await readProgram(
      folderWith({
        "server.ts": `${sdk}\nimport { open } from "./store";`,
        "store/index.ts": `export const open = ({ sessionId }) => sessionId;`,
        "start.mjs": `await import("./server.js"); use(request.sessionId);`,
        "website.ts": "use(request.sessionId);",
      }),
    );
    expect(report.connected).toBe(3);
    expect(report.findings.map(({ file }) => file)).toEqual(["start.mjs", "store/index.ts"]);
  });

  it("leaves out node_modules, hidden folders and declarations", async () => {
    const { report } = await readProgram(
      folderWith({ "node_modules/a/a.js": sdk, ".cache/a.js": sdk, "a.d.ts": sdk, "a.md": sdk }),
    );
    expect(report).toMatchObject({ files: 0, connected: 0, findings: [], sdks: [] });
  });

  it("reads CommonJS and the names of a whole module", async () => {
    const { report } = await readProgram(
      folderWith({
        "a.cjs": `const mcp = require("@modelcontextprotocol/sdk/server/mcp.js");\nnew mcp.McpServer();`,
        "b.cjs": `const { SSEServerTransport: S } = require("@modelcontextprotocol/sdk/server/sse.js");\nnew S();`,
      }),
    );
    expect(report.findings).toMatchObject([
      { rule: "server-api", line: 2 },
      { rule: "sse-transport", line: 2 },
    ]);
  });

  it("ignores types and names that are only imported", async () => {
    const types = `${sdk}\nlet server: McpServer; function run(extra: { sessionId: string }) {}`;
    const { report } = await readProgram(folderWith({ "a.ts": types }));
    expect(report.findings).toEqual([]);
  });

  it("reads one file", async () => {
    const folder = folderWith({ "a.ts": `${sdk}\nnew McpServer();`, "b.ts": sdk });
    const { report } = await readProgram(join(folder, "a.ts"));
    expect(report).toMatchObject({ files: 1, findings: [{ file: "a.ts", line: 2 }] });
  });

  it("names files that are too large or have invalid syntax, and reads the others", async () => {
    const { report } = await readProgram(
      folderWith({
        "a.js": `${sdk}\nnew McpServer();`,
        "broken.js": "\n  const = 1;",
        "large.js": `"${"a".repeat(1_048_576)}"`,
      }),
    );
    expect(report.findings).toHaveLength(1);
    expect(report.unread).toEqual([
      { file: "large.js", reason: "larger than 1048576 bytes" },
      { file: "broken.js", reason: expect.stringMatching(/^line 2: \S/) },
    ]);
  });

  it("names a file with too many nested brackets", async () => {
    const nested = `${sdk}\nuse(${"[".repeat(100_000)}${"]".repeat(100_000)}, "((((");`;
    const { report } = await readProgram(folderWith({ "a.js": nested }));
    expect(report.unread).toEqual([{ file: "a.js", reason: "more than 1000 nested brackets" }]);
  });

  it("reads a chain of 20,000 operators", async () => {
    const chain = Array(20_000).fill("a").join(" + ");
    const source = `${sdk}\nlet a = 0;\nrun(() => { a = ${chain}; });`;
    const { report } = await readProgram(folderWith({ "a.js": source }));
    expect(report).toMatchObject({ connected: 1, unread: [] });
    expect(report.findings).toMatchObject([{ rule: "memory-state", line: 2 }]);
  });

  it("refuses a path that does not exist", async () => {
    await expect(readProgram(join(folderWith({}), "none"))).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

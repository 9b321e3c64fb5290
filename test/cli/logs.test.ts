/** `lutra logs`: the access log of a gateway, from its file, its configuration or standard input. */
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeConfig } from "../gateway/config-file.ts";
import { callTool } from "./http.ts";
import { endLutra, runLutra, untilListening } from "./run-lutra.ts";

const lines = [
  { method: "tools/call", name: "add", upstream: "a", replica: "1", status: 200, ms: 3 },
  { method: "tools/call", name: "add", upstream: "a", replica: "2", status: 200, ms: 900 },
  { method: "tools/list", principal: "ann", status: 429, reason: "limited", ms: 1 },
  { method: "tools/call", name: "a.sum", entry: "sum", status: 200, code: -32602, ms: 2 },
  {
    method: "tools/call",
    name: "add",
    upstream: "b",
    replica: "1",
    status: 502,
    ms: 40,
    trace: "7f",
  },
].map((entry) => JSON.stringify({ level: 30, time: Date.UTC(2026, 6, 28), route: 0, ...entry }));

let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lutra-logs-"));
  file = join(folder, "access.log");
  writeFileSync(file, `${["a line of a server", ...lines, "{ not JSON"].join("\n")}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function logsOf(...args: readonly string[]) {
  const { exited, closed, stdout, stderr } = runLutra("logs", ...args);
  const code = await exited;
  await closed;
  return { code, stdout, stderr };
}

describe("lutra logs", () => {
  it("prints the entries of a file as text, without other lines", async () => {
    const { code, stdout } = await logsOf(file);
    expect(code).toBe(0);
    const shown = stdout.map((line) => line.replace(/^\d\d:\d\d:\d\d/, "").trim());
    expect(shown.map((line) => line.replace(/ {2,}/g, " | "))).toEqual([
      "200 | tools/call add | 3.0 ms | a 1",
      "200 | tools/call add | 900.0 ms | a 2",
      "429 | tools/list | 1.0 ms | ann limited",
      "200 | tools/call a.sum | 2.0 ms -32602",
      "502 | tools/call add | 40.0 ms | b 1",
    ]);
  });

  it.each([
    [
      ["--lines", "2"],
      [3, 4],
    ],
    [["--failed"], [2, 3, 4]],
    [["--status", "5xx"], [4]],
    [["--status", "429", "--principal", "ann"], [2]],
    [["--name", "sum"], [3]],
    [["--method", "tools/call", "--slow", "40", "-n", "1"], [4]],
    [["--upstream", "a", "--slow", "900"], [1]],
    [["--trace", "7f"], [4]],
  ] as const)(
    "filters by %j, and prints the lines as they are with --json",
    async (args, found) => {
      const { stdout } = await logsOf(file, ...args, "--json");
      expect(stdout).toEqual(found.map((index) => lines[index]));
    },
  );

  it.each([
    [["missing.log"], 1, "logs: missing.log: can't be read (ENOENT)"],
    [["http://127.0.0.1:9464"], 2, "logs: http://127.0.0.1:9464: expected the path of a log file"],
    [["a.log", "--status", "bad"], 2, "--status: expected a status such as 404, or 5xx"],
  ] as const)("refuses %j with an explanation", async (args, code, message) => {
    const { stderr, ...result } = await logsOf(...args);
    expect(result).toEqual({ code, stdout: [] });
    expect(stderr.join("\n")).toContain(message);
  });

  it("reads standard input", async () => {
    const lutra = runLutra("logs", "-", "--failed", "--json");
    lutra.child.stdin?.end(`${lines.join("\n")}\n`);
    expect(await lutra.exited).toBe(0);
    await lutra.closed;
    expect(lutra.stdout).toEqual(lines.slice(2));
  });

  it("follows a file across its rotation", async () => {
    const path = join(folder, "followed.log");
    writeFileSync(path, `${lines[0]}\n`);
    const lutra = runLutra("logs", path, "--follow", "--json");
    await lutra.line(/"ms":3/);
    appendFileSync(path, `${lines[1]}\n`);
    await lutra.line(/"ms":900/);
    renameSync(path, `${path}.1`);
    writeFileSync(path, `${lines[2]}\n`);
    await lutra.line(/"limited"/);
    await endLutra(lutra);
    expect(lutra.stdout).toEqual(lines.slice(0, 3));
  });

  it("finds the log of a gateway by its configuration", async () => {
    const { path, remove } = await writeConfig({
      listen: { port: 0 },
      upstreams: { a: { url: "http://127.0.0.1:9/mcp" } },
      log: { file: "access.log" },
    });
    const gateway = await untilListening(runLutra("gateway", path));
    const lutra = runLutra("logs", path, "--follow", "--failed");
    const { status } = await callTool(gateway.url, "add");
    const [shown] = await lutra.line(new RegExp(`^.* ${status} .*tools/call add`));
    expect(shown).not.toContain("{");
    await endLutra(lutra);
    await endLutra(gateway);
    await remove();
  });

  it("says how to read the log of a gateway that has no file", async () => {
    const { path, remove } = await writeConfig({ upstreams: { a: { url: "http://127.0.0.1:9" } } });
    const { code, stderr } = await logsOf(path);
    expect(code).toBe(1);
    expect(stderr.join("\n")).toContain(`lutra gateway ${path} | lutra logs -`);
    await remove();
  });
});

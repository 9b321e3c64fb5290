import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { createClient } from "lutra/client";
import { latestVersion, legacyVersions } from "lutra/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callTool } from "./http.ts";
import { runLutra, startLutra } from "./run-lutra.ts";

const manifest = createRequire(import.meta.url)("../../packages/cli/package.json");

describe("lutra serve", () => {
  it("serves a TypeScript module at /mcp and prints the URL", async () => {
    const lutra = await startLutra("serve", "fleet-server.ts");
    expect(lutra.stdout).toEqual([`listening on ${lutra.url}`]);
    expect(lutra.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/);
    expect((await callTool(lutra.url, "pid")).status).toBe(200);
  });

  it("serves a JavaScript module", async () => {
    const lutra = await startLutra("serve", "plain-server.mjs");
    const client = createClient(lutra.url);
    expect((await client.discover()).supportedVersions).toEqual([latestVersion, ...legacyVersions]);
    await client.close();
  });

  it("serves the protocol versions that the options name", async () => {
    const versions = ["--protocol-version", "2026-07-28", "--protocol-version", "2025-06-18"];
    const { url } = await startLutra("serve", "plain-server.mjs", ...versions);
    const headers = { "content-type": "application/json" };
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: {} };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    const response = await fetch(url, { method: "POST", headers, body });
    expect(await response.json()).toMatchObject({ result: { protocolVersion: "2025-06-18" } });
  });

  it("serves HTTP+SSE with --http-sse, and says that it is deprecated", async () => {
    const { url, line } = await startLutra("serve", "plain-server.mjs", "--http-sse");
    await line(/^lutra: httpSse: .* deprecated/);
    const leaving = new AbortController();
    const { signal } = leaving;
    const response = await fetch(url, { headers: { accept: "text/event-stream" }, signal });
    const { value } = (await response.body?.getReader().read()) ?? {};
    expect(new TextDecoder().decode(value)).toMatch(/^event: endpoint\ndata: \/mcp\?lutra-stream=/);
    leaving.abort();
  });

  it("loads no HTTP client, which would double the time until the first answer", async () => {
    const lutra = await startLutra("serve", "loaded-server.mjs");
    const client = createClient(lutra.url);
    const { content } = await client.callTool("loaded");
    expect(content).toEqual([{ type: "text", text: expect.stringContaining("cross-spawn") }]);
    expect(content).toEqual([{ type: "text", text: expect.not.stringContaining("undici") }]);
    await client.close();
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends gracefully on %s", async (signal) => {
    const lutra = await startLutra("serve", "fleet-server.ts");
    const client = createClient(lutra.url);
    const subscription = await client.listen({ toolsListChanged: true });
    lutra.child.kill(signal);
    for await (const _change of subscription) throw new Error("expected no change");
    expect(await lutra.exited).toBe(0);
    await client.close();
  });

  it("reports a port that is in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const lutra = runLutra("serve", "plain-server.mjs", "--port", String(port));
    expect(await lutra.exited).toBe(1);
    await lutra.closed;
    expect(lutra.stderr).toEqual([expect.stringMatching(`^lutra: port ${port} is in use;`)]);
    other.close();
  });

  it.each([
    ["missing.ts", /^lutra: cannot load missing\.ts: no such file$/],
    ["throws.mjs", /^lutra: cannot load throws\.mjs: Error: the database is unavailable$/],
    ["no-default.mjs", /^lutra: cannot serve no-default\.mjs: its default export is missing; wr/],
    [
      "no-server.mjs",
      /^lutra: cannot serve no-server\.mjs: its default export is not a server; wr/,
    ],
  ])("reports the problem with %s", async (module, message) => {
    const lutra = runLutra("serve", module);
    expect(await lutra.exited).toBe(1);
    await lutra.closed;
    expect(lutra.stderr[0]).toMatch(message);
    expect(lutra.stdout).toEqual([]);
  });
});

describe("a module outside of this repository", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lutra-test-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function write(text: string): string {
    const module = join(folder, "server.ts");
    writeFileSync(module, text);
    return module;
  }

  it("may be TypeScript in a folder without a package.json", async () => {
    const lutra = await startLutra(
      "serve",
      write(`import { sep } from "node:path";
        enum Level { Low }
        const server = { serve: async () => ({ sep, Level }), share() {}, async close() {} };
        export default server as { readonly serve: unknown };`),
    );
    expect((await callTool(lutra.url, "any")).body.result).toEqual({
      sep,
      Level: expect.anything(),
    });
  });

  it("gets the line of a syntax error", async () => {
    const lutra = runLutra("serve", write("export const a = 1;\nexport default createServer({\n"));
    expect(await lutra.exited).toBe(1);
    await lutra.closed;
    expect(lutra.stderr).toEqual([
      expect.stringMatching(/^lutra: cannot load .*: SyntaxError: .*server\.ts:3:1: Expected `}`/),
    ]);
  });

  it("gets the line of a thrown error", async () => {
    const lutra = runLutra("serve", write("\n\nthrow new Error('the disk is full');\nexport {};"));
    expect(await lutra.exited).toBe(1);
    await lutra.closed;
    expect(lutra.stderr[0]).toMatch(/^lutra: cannot load .*server\.ts: Error: the disk is full$/);
    expect(lutra.stderr[1]).toMatch(/server\.ts:3:7/);
  });
});

describe("lutra serve --stdio", () => {
  const request = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "server/discover",
    params: {
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    },
  });

  it("writes only messages to standard output, and ends with its input", async () => {
    const lutra = runLutra("serve", "plain-server.mjs", "--stdio");
    lutra.child.stdin?.write(`${request}\n`);
    await lutra.line(/"resultType":"complete"/);
    lutra.child.stdin?.end();
    expect(await lutra.exited).toBe(0);
    await lutra.closed;
    expect(lutra.stdout.map((line) => JSON.parse(line).id)).toEqual([1]);
    expect(lutra.stderr).toEqual(["loading"]);
  });

  it("ends gracefully on a signal", async () => {
    const lutra = runLutra("serve", "plain-server.mjs", "--stdio");
    lutra.child.stdin?.write(`${request}\n`);
    await lutra.line(/"resultType":"complete"/);
    lutra.child.kill("SIGTERM");
    expect(await lutra.exited).toBe(0);
  });
});

describe("lutra", () => {
  it.each([
    [["--help"], /^Usage: lutra <command>/],
    [["-h"], /^Usage: lutra <command>/],
    [["help"], /^Usage: lutra <command>/],
    [["serve", "--help"], /^Usage: lutra serve <module>/],
    [["serve", "-h"], /^Usage: lutra serve <module>/],
    [["help", "gateway", "check"], /^Usage: lutra gateway check <config>/],
    [["work", "--help"], /^Usage: lutra work <module>/],
    [["up", "--help"], /^Usage: lutra up <module>/],
  ])("prints help for %j", async (args, first) => {
    const lutra = runLutra(...args);
    expect(await lutra.exited).toBe(0);
    await lutra.closed;
    expect(lutra.stdout[0]).toMatch(first);
  });

  it.each(["--version", "-v"])("prints its version for %s", async (option) => {
    const lutra = runLutra(option);
    expect(await lutra.exited).toBe(0);
    await lutra.closed;
    expect(lutra.stdout).toEqual([manifest.version]);
  });

  it.each(["18.20.8", "20.18.3", "16.20.2"])("refuses Node %s before it loads", async (version) => {
    const pretend = `Object.defineProperty(process, "versions", { value: { node: "${version}" } });`;
    const lutra = runLutra("--version", {
      NODE_OPTIONS: `--import "data:text/javascript,${encodeURIComponent(pretend)}"`,
    });
    expect(await lutra.exited).toBe(1);
    await lutra.closed;
    expect(lutra.stderr).toEqual([`lutra: Node 20.19 or newer is needed; this is Node ${version}`]);
  });

  it.each([
    [
      [],
      "lutra: missing command; expected serve, up, work, gateway, logs, eras, migrate, login, logout, list, call, read, prompt, complete, watch, task, skills, inspect, doctor or completion; see: lutra --help",
    ],
    [["servw"], "lutra: unknown command servw; did you mean serve?"],
    [
      ["gateway", "chek", "a.yaml"],
      "lutra: unknown command gateway chek; did you mean gateway check?",
    ],
    [["serve", "a.ts", "--prot", "1"], "lutra: serve: unknown option --prot; did you mean --port?"],
    [
      ["serve"],
      "lutra: serve: missing <module>, the path of a server module; see: lutra serve --help",
    ],
    [["up", "a.ts", "--replicas", "0"], "lutra: --replicas 0: expected an integer from 1 to 64"],
    [
      ["serve", "a.ts", "--http-sse", "--stdio"],
      "lutra: --http-sse: not with --stdio, which has no HTTP; remove it",
    ],
    [
      ["up", "a.ts", "--protocol-version", "2025-11-25"],
      "lutra: --protocol-version: expected 2026-07-28 in the list",
    ],
    [["serve", "a.ts", "--port", "80x"], "lutra: --port 80x: expected an integer from 0 to 65535"],
  ])("refuses the arguments %j with exit code 2", async (args, message) => {
    const lutra = runLutra(...args);
    expect(await lutra.exited).toBe(2);
    await lutra.closed;
    expect(lutra.stderr).toEqual([message]);
  });
});

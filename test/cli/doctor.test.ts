/** `lutra doctor`: each check, on a server that has the problem and on one that does not. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttp, type RequestListener, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createNodeHandler } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { writeConfig } from "../gateway/config-file.ts";
import { runLutra } from "./run-lutra.ts";

const hasOpenSSL = spawnSync("openssl", ["version"]).status === 0;

const server = createServer({
  name: "healthy",
  version: "1.0.0",
  tools: [defineTool({ name: "add", call: () => "3" })],
});
const handle = createNodeHandler(server);

interface Found {
  readonly check: string;
  readonly state: string;
  readonly message: string;
  readonly remedy?: string;
}

async function diagnose(...args: readonly string[]) {
  const { exited, closed, stdout, stderr } = runLutra("doctor", "--json", ...args, {
    HTTP_PROXY: "",
    HTTPS_PROXY: "",
  });
  const code = await exited;
  await closed;
  expect(stderr.filter((line) => line.startsWith("lutra:"))).toEqual([]);
  const report = JSON.parse(stdout.join("\n")) as { ok: boolean; findings: readonly Found[] };
  expect(code).toBe(report.ok ? 0 : 1);
  return {
    ...report,
    of: (check: string) => report.findings.filter((finding) => finding.check === check),
  };
}

/** Serves on a free port until the test has finished. */
async function listening(http: Server): Promise<string> {
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    http.close();
    http.closeAllConnections();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

const serve = (listener: RequestListener) => listening(createHttp(listener));

/** A resource server that refuses everyone, with these documents. */
async function protectedBy(documents: (origin: string) => { readonly [path: string]: object }) {
  let origin = "";
  origin = await serve((req, res) => {
    const found = documents(origin)[req.url ?? ""];
    if (found !== undefined) res.end(JSON.stringify(found));
    else if (req.method === "GET") res.writeHead(404).end();
    else res.writeHead(401, { "www-authenticate": "Bearer" }).end();
  });
  return origin;
}

const wellKnown = "/.well-known/oauth-protected-resource/mcp";
const issuer = "/.well-known/oauth-authorization-server";

describe("lutra doctor", () => {
  it("finds nothing wrong with a healthy server", async () => {
    const { ok, findings } = await diagnose(`${await serve(handle)}/mcp`);
    expect(ok).toBe(true);
    const states = findings.map(({ check, state }) => `${check} ${state}`);
    expect(states).toEqual([
      "node ok",
      "packages ok",
      "zod ok",
      "address ok",
      "clock ok",
      "authorization ok",
      "versions ok",
      "streams ok",
    ]);
  });

  it("prints each finding with its remedy", async () => {
    const { exited, closed, stdout } = runLutra("doctor", "http://127.0.0.1:9/mcp");
    expect(await exited).toBe(1);
    await closed;
    expect(stdout[0]).toMatch(/^ok +node +Node \d/);
    expect(stdout.at(-2)).toMatch(/^problem +address +127\.0\.0\.1:9 can't be reached: .*ECONNREF/);
    expect(stdout.at(-1)).toBe("         -> start the server, or check the port");
  });

  it("finds a proxy that buffers event streams", async () => {
    const ended = new AbortController();
    const behind = await serve(handle);
    const url = await serve(async (req, res) => {
      const headers = new Headers(req.headers as Record<string, string>);
      for (const name of ["host", "connection", "content-length"]) headers.delete(name);
      const init = { method: "POST", headers, body: await text(req), signal: ended.signal };
      try {
        const response = await fetch(`${behind}/mcp`, init);
        // The response is passed on once it is complete.
        const body = await response.text();
        res.writeHead(response.status, { "content-type": "application/json" }).end(body);
      } catch {
        res.destroy();
      }
    });
    const { of } = await diagnose(`${url}/mcp`, "--timeout", "8000");
    ended.abort();
    expect(of("versions")).toMatchObject([{ state: "ok" }]);
    expect(of("streams")).toMatchObject([
      { state: "problem", remedy: expect.stringContaining("proxy_buffering off") },
    ]);
  });

  it("finds a clock that is wrong", async () => {
    const url = await serve((req, res) => {
      res.sendDate = false;
      res.setHeader("date", new Date(Date.now() - 3_600_000).toUTCString());
      return void handle(req, res);
    });
    const { of } = await diagnose(`${url}/mcp`);
    expect(of("clock")).toMatchObject([
      { state: "problem", message: expect.stringMatching(/is 3\d\d\d s behind/) },
    ]);
  });

  it("finds a page in place of an endpoint, and a redirect", async () => {
    const url = await serve((req, res) => {
      if (req.url === "/old") return res.writeHead(308, { location: "/new" }).end();
      return res.writeHead(200, { "content-type": "text/html" }).end("<p>Hello</p>");
    });
    const page = await diagnose(url);
    expect(page.of("versions")).toMatchObject([
      { state: "problem", message: "not an MCP endpoint: it answers with 200 text/html" },
    ]);
    const redirect = await diagnose(`${url}/old`);
    expect(redirect.of("versions")).toMatchObject([
      { message: "not an MCP endpoint: it answers with a redirect (308) to /new" },
    ]);
  });

  it("names the revision of an older server with a warning", async () => {
    const url = await serve(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk);
      const { id, method } = JSON.parse(Buffer.concat(chunks).toString());
      const result = { protocolVersion: "2025-06-18", capabilities: {}, serverInfo: {} };
      if (method !== "initialize") return res.writeHead(400).end();
      return res
        .setHeader("content-type", "application/json")
        .end(JSON.stringify({ jsonrpc: "2.0", id, result }));
    });
    const { ok, of } = await diagnose(`${url}/mcp`);
    expect(ok).toBe(true);
    expect(of("versions")).toMatchObject([
      { state: "warning", message: "serves 2025-06-18, and not 2026-07-28" },
    ]);
  });

  const server = (origin: string) => ({
    issuer: origin,
    code_challenge_methods_supported: ["S256"],
    registration_endpoint: `${origin}/register`,
  });
  const resource = (origin: string) => ({
    resource: `${origin}/mcp`,
    authorization_servers: [origin],
  });

  it.each([
    ["no metadata", () => ({}), "problem", "no protected resource metadata"],
    [
      "metadata of another resource",
      (origin: string) => ({
        [wellKnown]: { ...resource(origin), resource: "https://example.com/mcp" },
      }),
      "problem",
      "describes https://example.com/mcp",
    ],
    [
      "an authorization server without metadata",
      (origin: string) => ({ [wellKnown]: resource(origin) }),
      "problem",
      "has no metadata",
    ],
    [
      "another spelling of the issuer",
      (origin: string) => ({
        [wellKnown]: resource(origin),
        [issuer]: { ...server(origin), issuer: `${origin}/` },
      }),
      "problem",
      "names the issuer",
    ],
    [
      "no PKCE",
      (origin: string) => ({
        [wellKnown]: resource(origin),
        [issuer]: { ...server(origin), code_challenge_methods_supported: ["plain"] },
      }),
      "problem",
      "does not offer PKCE",
    ],
    [
      "no registration",
      (origin: string) => ({
        [wellKnown]: resource(origin),
        [issuer]: { ...server(origin), registration_endpoint: undefined },
      }),
      "warning",
      "registers no clients by itself",
    ],
    [
      "all of it",
      (origin: string) => ({ [wellKnown]: resource(origin), [issuer]: server(origin) }),
      "ok",
      "signs in at http://127.0.0.1",
    ],
  ] as const)("checks a protected server with %s", async (_what, documents, state, message) => {
    const { of } = await diagnose(`${await protectedBy(documents)}/mcp`);
    expect(of("authorization")).toMatchObject([
      { state, message: expect.stringContaining(message) },
    ]);
    expect(of("versions")).toMatchObject([{ state: "skipped" }]);
  });

  it.skipIf(!hasOpenSSL)("finds a certificate that is not accepted (needs openssl)", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lutra-doctor-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"];
    const own = ["-subj", "/CN=localhost", "-keyout", key, "-out", cert];
    execFileSync("openssl", [...args, ...own], { stdio: "ignore" });
    const tls = { key: readFileSync(key), cert: readFileSync(cert) };
    const url = await listening(createHttps(tls, handle));
    const { of } = await diagnose(`${url.replace("http", "https")}/mcp`);
    expect(of("tls")).toMatchObject([
      { state: "problem", remedy: expect.stringContaining("NODE_EXTRA_CA_CERTS") },
    ]);
    expect(of("versions")).toEqual([]);
  });

  it("checks modules and programs", async () => {
    const good = await diagnose("plain-server.mjs");
    expect(good.of("versions")).toMatchObject([{ state: "ok" }]);
    const bad = await diagnose("throws.mjs");
    expect(bad.of("versions")).toMatchObject([
      { state: "problem", message: expect.stringContaining("the database is unavailable") },
    ]);
    const gone = await diagnose("--", "no-such-program-of-lutra");
    expect(gone.of("versions")).toMatchObject([{ state: "problem" }]);
  });

  it("checks a configuration, and the addresses of its upstreams", async () => {
    const url = await serve(handle);
    const upstreams = { near: { url: `${url}/mcp` }, far: { url: "http://127.0.0.1:9/mcp" } };
    const { path, replace, remove } = await writeConfig({ upstreams });
    const valid = await diagnose(path);
    expect(valid.of("configuration")).toMatchObject([{ state: "ok" }]);
    expect(valid.of("address")).toMatchObject([
      { state: "ok", message: expect.stringContaining("upstream near: ") },
      { state: "problem", message: expect.stringContaining("upstream far: ") },
    ]);
    await replace('{ "upstreams": {}, "rotues": [] }');
    const invalid = await diagnose(path);
    expect(invalid.of("configuration")).toMatchObject([
      { state: "problem", message: expect.stringContaining("rotues") },
    ]);
    await remove();
  });

  it("needs no target", async () => {
    const { ok, findings } = await diagnose();
    expect(ok).toBe(true);
    expect(findings.map(({ check }) => check)).toEqual(["node", "packages", "zod"]);
  });
});

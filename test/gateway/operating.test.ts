/** The access log and the admin listener of a gateway. Neither may show secrets. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Gateway, startGateway } from "@lutra/gateway";
import { beforeEach, describe, expect, it } from "vitest";
import { ask, callTool, send } from "../cli/http.ts";
import { callBody, callLines } from "./raw-http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";

/** Part of every secret: arguments, results, tokens, keys. */
const secret = "s3cret";
const traceId = "0af7651916cd43dd8448eb211c80319c";

let upstream: RecordingUpstream;
let gateway: Gateway;
let logFile: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "lutra-operating-"));
  logFile = join(folder, "access.log");
  upstream = await startRecordingUpstream("recording");
  gateway = await startGateway(
    {
      listen: { port: 0 },
      admin: { port: 0 },
      log: { file: logFile },
      keys: [{ id: "k1", secret: Buffer.from(secret.padEnd(32, "-")).toString("base64") }],
      upstreams: {
        known: {
          url: upstream.url,
          verify: "upstream",
          headers: { authorization: `Bearer ${secret}` },
        },
      },
      routes: [{ match: { name: "locate" }, deny: "not here" }, { to: "known" }],
    },
    { notice: () => {} },
  );
  expect(await gateway.ready()).toBe(true);
  return async () => {
    await gateway.close();
    await upstream.close();
    await rm(folder, { recursive: true, force: true });
  };
});

type Line = Record<string, unknown>;

/** Ends the gateway and resolves to the lines of its log, each of which must be JSON. */
async function linesAtEnd(): Promise<readonly Line[]> {
  await gateway.close();
  const text = readFileSync(logFile, "utf8");
  expect(text).not.toContain(secret);
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

describe("the access log", () => {
  it("has one line for each request, with its outcome and without its content", async () => {
    const headers = Object.fromEntries(
      callLines("echo").map((line) => line.split(": ") as [string, string]),
    );
    const called = await fetch(gateway.url, {
      method: "POST",
      headers: {
        ...headers,
        authorization: `Bearer ${secret}`,
        traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      },
      body: callBody("echo", { text: secret }),
    });
    expect(await called.text()).toContain(`recording: ${secret}`);
    await callTool(gateway.url, "locate", { arguments: { country: secret } });
    await ask(gateway.url, "tools/list");
    await ask(gateway.url, "tools/list");

    const [echo, denied, first, second, ...others] = await linesAtEnd();
    expect(others).toEqual([]);
    expect(echo).toMatchObject({
      method: "tools/call",
      name: "echo",
      version: "2026-07-28",
      upstream: "known",
      status: 200,
      trace: traceId,
      route: 1,
    });
    expect(echo?.replica).toEqual(expect.any(String));
    for (const name of ["ms", "upstreamMs", "bytesIn", "bytesOut"]) {
      expect([name, echo?.[name]]).toEqual([name, expect.any(Number)]);
    }
    expect(denied).toMatchObject({ name: "locate", status: 403, code: -32600, route: 0 });
    expect(denied).not.toHaveProperty("upstream");
    expect(first).toMatchObject({ method: "tools/list", status: 200, cache: "miss" });
    expect(second).toMatchObject({ method: "tools/list", status: 200, cache: "hit" });
  });

  it.each([
    ["is not JSON", "{", 400, -32700],
    ["is not a request", "[]", 400, -32600],
    ["names another method", callBody("echo"), 400, -32020],
    ["is too large", JSON.stringify("x".repeat(4_194_304)), 413, -32600],
  ])("has the code of a body that %s", async (_what, body, status, code) => {
    const answer = await send(gateway.url, "tools/list", {}, { body });
    await answer.text();
    const [line, ...others] = await linesAtEnd();
    expect(others).toEqual([]);
    expect(line).toMatchObject({ method: "tools/list", status, code });
  });

  it("records that a client disconnected", async () => {
    const abort = new AbortController();
    const called = send(gateway.url, "tools/call", { name: "hold" }, { signal: abort.signal });
    const failed = expect(called).rejects.toThrow();
    await upstream.held();
    abort.abort();
    await failed;
    await upstream.cancelled();
    const [line] = await linesAtEnd();
    expect(line).toMatchObject({ name: "hold", broken: true });
  });
});

describe("the admin listener", () => {
  async function page(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(new URL(path, gateway.adminUrl));
    return { status: response.status, text: await response.text() };
  }

  it("reports health and readiness", async () => {
    expect((await page("/healthz")).status).toBe(200);
    expect((await page("/readyz")).status).toBe(200);
  });

  it("counts requests for Prometheus", async () => {
    await callTool(gateway.url, "who");
    await callTool(gateway.url, "who");
    const { status, text } = await page("/metrics");
    expect(status).toBe(200);
    expect(text).toMatch(/^# TYPE \S+ (counter|histogram)$/m);
    expect(text).toMatch(/^\w+\{[^}]*upstream="known"[^}]*\} 2$/m);
    expect(text).not.toContain(secret);
  });

  it("shows the configuration without its secrets, and the upstreams", async () => {
    const config = await page("/config");
    expect(JSON.parse(config.text)).toMatchObject({ upstreams: { known: { verify: "upstream" } } });
    expect(config.text).not.toContain(secret);
    expect(config.text).not.toContain(Buffer.from(secret).toString("base64").slice(0, 8));
    const upstreams = await page("/upstreams");
    expect(JSON.parse(upstreams.text)).toMatchObject([
      { name: "known", replicas: [{ state: expect.any(String) }] },
    ]);
  });

  it("is read-only, and refuses other host names", async () => {
    const posted = await fetch(new URL("/config", gateway.adminUrl), { method: "POST" });
    expect(posted.status).toBe(405);
    const status = await new Promise((resolve, reject) => {
      const url = new URL("/config", gateway.adminUrl);
      get(url, { headers: { host: "evil.example.com" } }, (res) => {
        res.resume();
        resolve(res.statusCode);
      }).on("error", reject);
    });
    expect(status).toBe(403);
    // The endpoint does not serve the pages of the admin listener.
    expect((await fetch(new URL("/metrics", gateway.url))).status).toBe(404);
  });
});

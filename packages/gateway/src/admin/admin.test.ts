import { afterAll, beforeAll, expect, it } from "vitest";
import { headOf, modern } from "../fixtures/head-of.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";
import { type AdminOptions, startAdmin } from "./admin.ts";
import type { AboutGateway } from "./admin-page.ts";
import { createMetrics } from "./metrics.ts";
import type { Readiness } from "./readiness.ts";

const ready: Readiness = { isReady: true, problem: undefined };
let readiness = ready;
let about: AboutGateway | undefined = { name: "<b>gate</b>", url: "http://127.0.0.1:3000/mcp" };
const up: UpstreamStatus["replicas"] = [
  { name: "1", state: "up", inFlight: 2, ownSubscriptions: 0, failures: 0 },
];
let replicas = up;
const status = {
  name: "places",
  kind: "url",
  inFlight: 2,
  ownSubscriptions: 0,
  queued: 1,
  replicas: up,
} as const;
const metrics = createMetrics({
  upstreams: () => [status],
  cache: () => ({ bytes: 42, entries: 1 }),
});
let admin: Awaited<ReturnType<typeof startAdmin>>;

beforeAll(async () => {
  const options: AdminOptions = {
    config: { host: "127.0.0.1", port: 0 },
    metrics,
    about: () => about,
    upstreams: () => [{ ...status, replicas }],
    shownConfig: () => ({ name: "gateway" }),
    readiness: () => readiness,
    eras: (days) => ({
      since: "",
      until: "",
      days,
      versions: [],
      switchedOff: [],
      verdicts: [],
      rows: [],
    }),
  };
  admin = await startAdmin(options);
});
afterAll(() => admin.close());

const get = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(`${admin.url}${path}`, init);
  return [response.status, await response.text()] as const;
};

it("reports health and readiness, with the reason when it is not ready", async () => {
  expect(await get("/healthz")).toEqual([200, "ok\n"]);
  expect(await get("/readyz")).toEqual([200, "ready\n"]);
  const problem = "no replica answers at places";
  readiness = { isReady: true, problem };
  expect(await get("/readyz")).toEqual([200, "ready\nno replica answers at places\n"]);
  readiness = { isReady: false, problem };
  expect(await get("/readyz")).toEqual([503, "not ready: no replica answers at places\n"]);
  readiness = ready;
});

it("reports the readiness of one upstream apart", async () => {
  expect(await get("/readyz/places")).toEqual([200, "ready\n"]);
  expect((await get("/readyz/other"))[0]).toBe(404);
  replicas = [{ name: "1", state: "out", inFlight: 0, ownSubscriptions: 0, failures: 3 }];
  expect(await get("/readyz/places")).toEqual([503, "not ready: no replica answers at places\n"]);
  replicas = up;
});

it("shows the configuration and the upstreams as JSON", async () => {
  expect(JSON.parse((await get("/config"))[1])).toEqual({ name: "gateway" });
  expect(JSON.parse((await get("/upstreams?a=1"))[1])).toEqual([status]);
});

it("shows the era report, for the days that the query names", async () => {
  expect(JSON.parse((await get("/eras"))[1])).toMatchObject({ days: 7 });
  expect(JSON.parse((await get("/eras?days=30"))[1])).toMatchObject({ days: 30 });
  expect((await get("/eras?days=0"))[0]).toBe(400);
});

it("lists its pages in the response to an unknown path", async () => {
  const [code, text] = await get("/nothing");
  expect([code, text.split("\n")]).toEqual([
    404,
    ["/healthz", "/readyz", "/metrics", "/config", "/upstreams", "/eras", ""],
  ]);
  expect((await get("/constructor"))[0]).toBe(404);
});

it("has a page for browsers, with links to its paths", async () => {
  const headers = { accept: "text/html" };
  const response = await fetch(admin.url, { headers });
  expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src/);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const page = await response.text();
  expect(page).toContain("&lt;b&gt;gate&lt;/b&gt;");
  expect(page).not.toMatch(/<b>|<script/);
  expect(page).toMatch(/<code>places<\/code><\/th><td>url<\/td><td>1 up<\/td><td>2<\/td><td>1</);
  const links = [...page.matchAll(/href="(\/[^"]*)"/g)].map(([, path = ""]) => path);
  expect(links).toEqual(["/healthz", "/readyz", "/metrics", "/config", "/upstreams", "/eras"]);
  for (const path of links) expect([path, (await get(path))[0]]).toEqual([path, 200]);
});

it("lists its paths as text for other clients, and for all without a page", async () => {
  const index = "/healthz\n/readyz\n/metrics\n/config\n/upstreams\n/eras\n";
  expect(await get("/")).toEqual([200, index]);
  about = undefined;
  expect(await get("/", { headers: { accept: "text/html" } })).toEqual([200, index]);
});

it("refuses methods other than GET and HEAD", async () => {
  expect((await get("/config", { method: "POST" }))[0]).toBe(405);
});

it("refuses a foreign Host on a loopback address", async () => {
  const { request } = await import("node:http");
  const port = Number(new URL(admin.url).port);
  const code = await new Promise((resolve, reject) => {
    const req = request({ port, path: "/config", headers: { host: "evil.example" } }, (res) => {
      res.resume();
      resolve(res.statusCode);
    });
    req.on("error", reject).end();
  });
  expect(code).toBe(403);
});

it("counts requests with unknown methods under one label", async () => {
  const record = (method: string) => ({
    startedAt: performance.now(),
    ms: 3,
    head: headOf(...modern(method)),
    principal: undefined,
    subject: undefined,
    route: 0,
    upstream: "places",
    replica: "1",
    attempts: 2,
    code: undefined,
    cache: "miss" as const,
    upstreamMs: 1,
    bytesOut: 1,
    reason: undefined,
  });
  metrics.observe(record("tools/list"), 200);
  metrics.observe(record("made/up"), 404);
  metrics.observe(record("made/up-too"), 404);
  const [, text] = await get("/metrics");
  const labels = (method: string, code: number) =>
    `{method="${method}",upstream="places",status="${code}",code="",cache="miss"}`;
  expect(text).toContain(`lutra_gateway_requests_total${labels("tools/list", 200)} 1`);
  expect(text).toContain(`lutra_gateway_requests_total${labels("other", 404)} 2`);
  expect(text).not.toContain("made/up");
  expect(text).toContain('lutra_gateway_retries_total{upstream="places"} 3');
  expect(text).toContain('lutra_gateway_replicas{upstream="places",state="up"} 1');
  expect(text).toContain('lutra_gateway_in_flight{upstream="places",state="queued"} 1');
  expect(text).toContain("lutra_gateway_cache_bytes 42");
});

import { request } from "node:http";
import type {
  CacheOverview,
  ExchangeDetail,
  ExchangePage,
  FleetOverview,
  MatchedRoute,
  RouteList,
  SubscriptionList,
} from "@lutra/console";
import { expect, it, onTestFinished, vi } from "vitest";
import type { ConfigInput } from "../config/schema.ts";
import { createPoster } from "../fixtures/posting.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import type { GatewayOptions } from "../gateway-options.ts";
import { startReplica } from "./fixtures/replica.ts";
import { signIn } from "./fixtures/sign-in.ts";

const waiting = { timeout: 15_000 };

async function startFor(
  config: Pick<ConfigInput, "upstreams"> & Partial<ConfigInput>,
  options: GatewayOptions = {},
) {
  const notices: string[] = [];
  const gateway = await startGateway(
    { listen: { port: 0 }, admin: { port: 0, console: {} }, log: false, drainMs: 100, ...config },
    { notice: (line) => notices.push(line), ...options },
  );
  onTestFinished(() => gateway.close());
  await gateway.ready();
  const page = await signIn(gateway);
  return { gateway, notices, ...page, post: createPoster() };
}

const call = { name: "echo", arguments: {} };

it("shows upstreams and replicas with their state and load", async () => {
  const one = await startReplica();
  const { gateway, get, post } = await startFor({ upstreams: { places: { url: one.url } } });
  for (let at = 0; at < 3; at += 1) await post(gateway.url, "tools/call", call);
  const seen = async () => {
    const fleet = await get<FleetOverview>("fleet");
    expect(fleet.upstreams[0]?.load?.exchanges).toBe(3);
    return fleet;
  };
  const fleet = await vi.waitFor(seen, waiting);
  expect(fleet).toMatchObject({ name: "lutra-gateway", url: gateway.url, isReady: true });
  expect(fleet.load).toMatchObject({ exchanges: 3, errors: 0 });
  expect(fleet.upstreams[0]).toMatchObject({ name: "places", kind: "url", canDrain: true });
  expect(fleet.upstreams[0]?.replicas[0]).toMatchObject({ state: "up", load: { exchanges: 3 } });
  expect(fleet.eras).toMatchObject([{ version: "2026-07-28", total: 3 }]);
  expect(fleet.series).toHaveLength(120);
});

it("sends no new request to a drained replica, and requests again once it is readmitted", async () => {
  const [one, two] = [await startReplica(), await startReplica()];
  const { gateway, notices, get, change, post } = await startFor({
    upstreams: { places: { url: [one.url, two.url], balance: "round-robin" } },
  });
  const fleet = await get<FleetOverview>("fleet");
  const [first] = fleet.upstreams[0]?.replicas ?? [];
  const drained = await change<FleetOverview>("fleet/drain", {
    upstream: "places",
    replica: first?.name,
  });
  expect(drained.upstreams[0]?.replicas.map(({ state }) => state)).toEqual(["drained", "up"]);
  for (let at = 0; at < 20; at += 1) {
    expect((await post(gateway.url, "tools/call", call)).status).toBe(200);
  }
  expect([one.calls(), two.calls()]).toEqual([0, 20]);
  await change("fleet/readmit", { upstream: "places", replica: first?.name });
  for (let at = 0; at < 20; at += 1) await post(gateway.url, "tools/call", call);
  expect(one.calls()).toBe(10);
  expect(notices).toContain("console: drained places 1");
  expect(notices).toContain("console: readmitted places 1");
});

it("lets a request in flight finish at a drained replica, and refuses when all are drained", async () => {
  const one = await startReplica({ holds: true });
  const { gateway, change, post } = await startFor({ upstreams: { places: { url: one.url } } });
  const pending = post(gateway.url, "tools/call", call);
  await vi.waitFor(() => expect(one.calls()).toBe(1), waiting);
  await change("fleet/drain", { upstream: "places", replica: "1" });
  expect((await createPoster()(gateway.url, "tools/call", call)).status).toBe(503);
  one.release();
  expect((await pending).status).toBe(200);
  expect(one.calls()).toBe(1);
  expect(gateway.upstreams()[0]?.replicas[0]?.state).toBe("drained");
});

it("refuses to drain what it does not know", async () => {
  const one = await startReplica();
  const { send } = await startFor({ upstreams: { places: { url: one.url } } });
  const refusal = { error: { message: "no replica 9 of upstream places that can be drained" } };
  const unknown = { upstream: "places", replica: "9" };
  expect(await send("POST", "fleet/drain", unknown)).toEqual([404, refusal]);
  expect((await send("POST", "fleet/drain", { upstream: "places" }))[0]).toBe(400);
});

it("allows changes only with the cookie and the header of the page", async () => {
  const one = await startReplica();
  const { gateway, cookie } = await startFor({ upstreams: { places: { url: one.url } } });
  const url = `${gateway.adminUrl}/console/api/fleet/drain`;
  const body = JSON.stringify({ upstream: "places", replica: "1" });
  const json = { "content-type": "application/json" };
  const status = async (headers: Record<string, string>) =>
    (await fetch(url, { method: "POST", headers: { ...json, ...headers }, body })).status;
  expect(await status({})).toBe(403);
  expect(await status({ cookie })).toBe(403);
  expect(await status({ "lutra-console": "1" })).toBe(401);
  expect(await status({ cookie, "lutra-console": "1", origin: "http://evil.example" })).toBe(403);
  expect(gateway.upstreams()[0]?.replicas[0]?.state).toBe("up");
  expect(await status({ cookie, "lutra-console": "1" })).toBe(200);
});

it("lists recent exchanges with their times, and the exchanges of one trace", async () => {
  const one = await startReplica();
  const { gateway, get, post } = await startFor({ upstreams: { places: { url: one.url } } });
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
  await post(gateway.url, "tools/call", call, { traceparent });
  await post(gateway.url, "tools/call", { name: "nothing", arguments: {} }, { traceparent });
  await post(gateway.url, "tools/call", call);
  const list = async () => {
    const page = await get<ExchangePage>("traces?after=0");
    expect(page.exchanges).toHaveLength(3);
    return page.exchanges;
  };
  const exchanges = await vi.waitFor(list, waiting);
  const [first] = exchanges;
  expect(first).toMatchObject({
    id: 1,
    method: "tools/call",
    name: "echo",
    upstream: "places",
    replica: "1",
    attempts: 1,
    status: 200,
    traceId: "0af7651916cd43dd8448eb211c80319c",
    isError: false,
  });
  const [attempt] = first?.timeline ?? [];
  expect(attempt).toMatchObject({ kind: "attempt", name: "places", replica: "1" });
  expect(attempt?.endMs).toBeLessThanOrEqual(first?.ms ?? 0);
  const detail = await get<ExchangeDetail>("traces/exchange?id=1");
  expect(detail.trace.map(({ id }) => id)).toEqual([1, 2]);
  expect(detail.exchange.messages).toBeUndefined();
});

it("records that a tool reports an error, if the gateway reads the result", async () => {
  const one = await startReplica();
  const { gateway, get, post } = await startFor({
    admin: { port: 0, console: { messages: "masked" } },
    upstreams: { places: { url: one.url } },
  });
  await post(gateway.url, "tools/call", { name: "fail", arguments: {} });
  await post(gateway.url, "tools/call", call);
  const list = async () => {
    const { exchanges } = await get<ExchangePage>("traces?after=0");
    expect(exchanges).toHaveLength(2);
    return exchanges;
  };
  const [failed, passed] = await vi.waitFor(list, waiting);
  expect(failed).toMatchObject({ status: 200, isError: false, isToolError: true });
  expect(passed?.isToolError).toBeUndefined();
});

it("records the attempts of a retried request, and its wait in the queue", async () => {
  const [gone, one] = [await startReplica(), await startReplica({ holds: true })];
  const { gateway, get, post } = await startFor({
    upstreams: {
      places: {
        url: [gone.url, one.url],
        balance: "round-robin",
        concurrency: { max: 1, queue: 5 },
        health: { intervalMs: 60_000 },
      },
    },
  });
  await gone.stop();
  const first = post(gateway.url, "tools/call", call);
  await vi.waitFor(() => expect(one.calls()).toBe(1), waiting);
  const second = createPoster()(gateway.url, "tools/call", call);
  await vi.waitFor(() => expect(gateway.upstreams()[0]?.queued).toBe(1), waiting);
  one.release();
  await Promise.all([first, second]);
  const list = async () => {
    const { exchanges } = await get<ExchangePage>("traces?after=0");
    expect(exchanges).toHaveLength(2);
    return exchanges;
  };
  const [retried, queued] = await vi.waitFor(list, waiting);
  expect(retried?.timeline).toMatchObject([
    { kind: "attempt", replica: "1", failure: "unreachable" },
    { kind: "attempt", replica: "2" },
  ]);
  expect(queued?.timeline[0]).toMatchObject({ kind: "wait", name: "queue" });
  expect(queued?.queueMs).toBeGreaterThan(0);
});

it("keeps the messages of all requests when it is configured, without their arguments", async () => {
  const one = await startReplica();
  const console = { messages: "masked" } as const;
  const { gateway, get, post } = await startFor({
    upstreams: { places: { url: one.url } },
    admin: { port: 0, console },
  });
  const { status } = await post(gateway.url, "tools/call", {
    name: "echo",
    arguments: { city: "Bergen" },
  });
  expect(status).toBe(200);
  const detail = async () => {
    const found = await get<ExchangeDetail>("traces/exchange?id=1");
    expect(found.exchange.messages?.map(({ kind }) => kind)).toEqual(["request", "result"]);
    return found.exchange.messages ?? [];
  };
  const [sent, received] = await vi.waitFor(detail, waiting);
  expect(sent?.text).toContain('"city": "••• 6 characters"');
  expect(received?.text).toContain('"text": "••• 4 characters"');
});

it("lists and evicts cached responses", async () => {
  const one = await startReplica();
  const { gateway, get, change, post } = await startFor({
    upstreams: { places: { url: one.url } },
  });
  const outcome = async () => {
    await post(gateway.url, "tools/list");
    const cache = await get<CacheOverview>("fleet/cache");
    return [cache.misses, cache.hits];
  };
  expect(await outcome()).toEqual([1, 0]);
  expect(await outcome()).toEqual([1, 1]);
  const { responses, isOn } = await get<CacheOverview>("fleet/cache");
  expect(isOn).toBe(true);
  expect(responses).toMatchObject([{ server: "places", method: "tools/list", scope: "public" }]);
  const [{ server, method, params } = { server: "", method: "", params: "" }] = responses;
  await change("fleet/evict", { match: { server, method, params } });
  expect((await get<CacheOverview>("fleet/cache")).entries).toBe(0);
  expect(await outcome()).toEqual([2, 1]);
  await change("fleet/evict", {});
  expect(await outcome()).toEqual([3, 1]);
});

it("explains the route of a request, and lists routes and limits", async () => {
  const one = await startReplica();
  const { get } = await startFor({
    upstreams: { places: { url: one.url } },
    routes: [{ match: { name: "secret_*" }, deny: "internal" }, { to: "places" }],
    limits: [{ rate: { requests: 100, perMs: 1000 } }],
  });
  const denied = await get<MatchedRoute>("fleet/match?method=tools/call&name=secret_plan");
  expect(denied.route).toBe(0);
  expect(denied.lines.at(-1)).toContain("refused with 403: internal");
  expect(await get<MatchedRoute>("fleet/match?method=tools/call&name=echo")).toMatchObject({
    route: 1,
  });
  const { routes, limits } = await get<RouteList>("fleet/routes");
  expect(routes).toMatchObject([{ deny: "internal" }, { to: "places" }]);
  expect(limits).toMatchObject([{ rate: { requests: 100, perMs: 1000 } }]);
});

it("explains the routes of each endpoint, which chooses by host and path", async () => {
  const one = await startReplica();
  const { get } = await startFor({
    upstreams: { places: { url: one.url } },
    endpoints: {
      internal: { host: "tools.internal", routes: [{ match: { name: "x" }, deny: "no" }] },
    },
  });
  const question = "fleet/match?method=tools/call&name=x";
  expect(await get<MatchedRoute>(`${question}&host=tools.internal&path=/mcp`)).toMatchObject({
    endpoint: "internal",
    route: 0,
  });
  const other = await get<MatchedRoute>(question);
  expect(other.lines.at(-1)).toContain("refused with 404");
  const { routes, endpoints } = await get<RouteList>("fleet/routes");
  expect(routes).toEqual([]);
  expect(endpoints).toMatchObject([
    { name: "internal", hosts: ["tools.internal"], path: "/mcp", routes: [{ deny: "no" }] },
  ]);
});

it("lists open subscriptions until they end", async () => {
  const one = await startReplica();
  const { gateway, get } = await startFor({ upstreams: { places: { url: one.url } } });
  const close = await subscribe(gateway);
  const list = () => get<SubscriptionList>("fleet/subscriptions");
  await vi.waitFor(async () => expect((await list()).total).toBe(1), waiting);
  expect((await list()).subscriptions).toMatchObject([
    { client: "tester 1", address: "127.0.0.1", filter: { toolsListChanged: true } },
  ]);
  close();
  await vi.waitFor(async () => expect((await list()).total).toBe(0), waiting);
});

it("tells its own subscriptions apart from the exchanges of clients", async () => {
  const [one, two] = [await startReplica(), await startReplica()];
  const { gateway, get } = await startFor({
    upstreams: { places: { url: one.url }, maps: { url: two.url } },
    routes: [{ merge: ["places", "maps"] }],
  });
  const own = async () => {
    const { upstreams } = await get<FleetOverview>("fleet");
    return upstreams.map(({ inFlight, ownSubscriptions }) => [inFlight, ownSubscriptions]);
  };
  const atRest = [
    [1, 1],
    [1, 1],
  ];
  await vi.waitFor(async () => expect(await own()).toEqual(atRest), waiting);
  const close = await subscribe(gateway);
  const withClient = [
    [2, 1],
    [2, 1],
  ];
  await vi.waitFor(async () => expect(await own()).toEqual(withClient), waiting);
  close();
  await vi.waitFor(async () => expect(await own()).toEqual(atRest), waiting);
});

it("shows the use of limits", async () => {
  const one = await startReplica();
  const { gateway, get, post } = await startFor({
    upstreams: { places: { url: one.url } },
    limits: [{ rate: { requests: 2, perMs: 60_000 }, per: ["address"] }],
  });
  for (let at = 0; at < 3; at += 1) await post(gateway.url, "tools/call", call);
  const { limits } = await get<RouteList>("fleet/routes");
  expect(limits[0]?.use).toEqual({
    inFlight: 0,
    admitted: 2,
    refused: 1,
    busiest: [{ key: '["127.0.0.1"]', inFlight: 0, admitted: 2, refused: 1 }],
  });
});

it("serves the sandbox of apps on another origin, for its own page alone", async () => {
  const one = await startReplica();
  const { gateway } = await startFor({ upstreams: { places: { url: one.url } } });
  const page = await fetch(`${gateway.adminUrl}/console/`);
  const policy = page.headers.get("content-security-policy") ?? "";
  const [, sandbox = ""] = /frame-src (http:\/\/127\.0\.0\.1:\d+)$/.exec(policy) ?? [];
  expect(sandbox).not.toBe("");
  expect(sandbox).not.toBe(gateway.adminUrl);
  const load = (host: string) => fetch(`${sandbox}/?host=${encodeURIComponent(host)}`);
  const own = await load(gateway.adminUrl ?? "");
  expect(own.status).toBe(200);
  expect(own.headers.get("content-security-policy")).toContain(
    `frame-ancestors ${gateway.adminUrl}`,
  );
  expect((await load("http://127.0.0.1:1")).status).toBe(403);
  await gateway.close();
  await expect(load(gateway.adminUrl ?? "")).rejects.toThrow();
});

it("names the setting of the sandbox if its port is in use", async () => {
  const [one, taken] = [await startReplica(), await startReplica()];
  const port = Number(new URL(taken.url).port);
  const start = startGateway({
    listen: { port: 0 },
    admin: { port: 0, console: { sandbox: { port } } },
    log: false,
    upstreams: { places: { url: one.url } },
  });
  await expect(start).rejects.toThrow(
    `port ${port} is in use; stop the other program, or choose another port with admin.console.sandbox.port`,
  );
});

it("is off unless it is configured, and on by the option of a program for this machine only", async () => {
  const one = await startReplica();
  const upstreams = { places: { url: one.url } };
  const start = async (admin: ConfigInput["admin"], options: GatewayOptions = {}) => {
    const config = { listen: { port: 0 }, admin, log: false as const, upstreams };
    const gateway = await startGateway(config, { notice: () => {}, ...options });
    onTestFinished(() => gateway.close());
    return gateway;
  };
  const off = await start({ port: 0 });
  expect(off.consoleUrl).toBeUndefined();
  expect((await fetch(`${off.adminUrl}/console/`)).status).toBe(404);
  const on = await start({ port: 0 }, { console: true });
  expect(on.consoleUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/console\/#token=/);
  const refused = await start({ port: 0, console: false }, { console: true });
  expect(refused.consoleUrl).toBeUndefined();
  const open = await start({ host: "0.0.0.0", port: 0 }, { console: true });
  expect(open.consoleUrl).toBeUndefined();
});

/** Opens a subscription of a client, and returns the function that ends it. */
function subscribe({ url }: Gateway): Promise<() => void> {
  const params = {
    notifications: { toolsListChanged: true },
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": { name: "tester", version: "1" },
    },
  };
  const method = "subscriptions/listen";
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
  };
  return new Promise((resolve, reject) => {
    const req = request(url, { method: "POST", headers }, (res) => {
      res.resume();
      resolve(() => req.destroy());
    });
    req.on("error", reject);
    req.end(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  });
}

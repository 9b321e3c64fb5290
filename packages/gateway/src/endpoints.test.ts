/** A gateway with several endpoints. */
import { createTestIssuer } from "lutra/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import { startPlainServer } from "./fixtures/plain-server.ts";
import { createPoster } from "./fixtures/posting.ts";
import { startGateway } from "./gateway.ts";

const call = { name: "echo", arguments: {} };
const token = (text: string) => ({ authorization: `Bearer ${text}` });
const [ofStaff, ofPartners] = ["staff-0123456789", "partners-0123456789"];

type Endpoints = NonNullable<ConfigInput["endpoints"]>;

/** Starts a gateway before two servers, `staff` and `partners`. */
async function gatewayOf(endpoints: Endpoints, more: Partial<ConfigInput> = {}) {
  const [staff, partners] = [await startPlainServer(), await startPlainServer()];
  const lines: string[] = [];
  const config: ConfigInput = {
    admin: { port: 0 },
    drainMs: 500,
    listen: { port: 0 },
    upstreams: {
      staff: { url: `http://127.0.0.1:${staff.port}/mcp` },
      partners: { url: `http://127.0.0.1:${partners.port}/mcp` },
    },
    endpoints,
    ...more,
  };
  const write = (text: string) => lines.push(...text.trim().split("\n"));
  const gateway = await startGateway(config, { logStream: { write }, notice: () => {} });
  onTestFinished(() => gateway.close());
  await gateway.ready();
  const { origin } = new URL(gateway.url);
  const post = createPoster();
  const ask = (path: string, headers: { readonly [name: string]: string } = {}) =>
    post(`${origin}${path}`, "tools/call", call, headers);
  const get = (path: string, host: string) => fetchAt(`${origin}${path}`, host);
  return { ...gateway, config, lines, ask, get, origin };
}

/** Sends a GET with a `Host`, which `fetch` does not allow. */
async function fetchAt(url: string, host: string) {
  const { request } = await import("undici");
  const { statusCode: status, body } = await request(url, { headers: { host } });
  return { status, text: await body.text() };
}

const replica = ({ headers }: { readonly headers: { readonly [name: string]: unknown } }) =>
  headers["x-lutra-replica"];

describe("the endpoints of a gateway", () => {
  it("are chosen by host and path", async () => {
    const { ask } = await gatewayOf(
      {
        partners: { host: "partners.example", routes: [{ deny: "partners" }] },
        beta: { path: "/beta", routes: [{ deny: "beta" }] },
      },
      { routes: [{ deny: "main" }] },
    );
    const reason = async (path: string, host?: string) => {
      const { status, body } = await ask(path, host === undefined ? {} : { host });
      return body.error?.message ?? status;
    };
    expect(await reason("/mcp")).toBe("main");
    expect(await reason("/beta")).toBe("beta");
    expect(await reason("/mcp", "partners.example")).toBe("partners");
    expect(await reason("/mcp", "PARTNERS.example:8443")).toBe("partners");
    expect(await reason("/beta", "partners.example")).toBe(404);
    expect(await reason("/other")).toBe(404);
  });

  it("verify callers of their own", async () => {
    const { ask } = await gatewayOf(
      {
        partners: {
          path: "/partners",
          auth: { tokens: [{ id: "partner", token: ofPartners }] },
          routes: [{ to: "partners" }],
        },
        shared: { path: "/shared", routes: [{ to: "staff" }] },
        open: { path: "/open", auth: false, routes: [{ to: "partners" }] },
      },
      { auth: { tokens: [{ id: "ana", token: ofStaff }] }, routes: [{ to: "staff" }] },
    );
    const statuses = async (path: string) => [
      (await ask(path)).status,
      (await ask(path, token(ofStaff))).status,
      (await ask(path, token(ofPartners))).status,
    ];
    expect(await statuses("/mcp")).toEqual([401, 200, 401]);
    expect(await statuses("/shared")).toEqual([401, 200, 401]);
    expect(await statuses("/partners")).toEqual([401, 401, 200]);
    expect(await statuses("/open")).toEqual([200, 200, 200]);
  });

  it("pass no credentials on if one of them verifies callers", async () => {
    const upstream = await startPlainServer();
    const { ask } = await gatewayOf(
      { open: { path: "/open", auth: false, routes: [{ to: "only" }] } },
      {
        upstreams: { only: { url: `http://127.0.0.1:${upstream.port}/mcp` } },
        auth: { tokens: [{ id: "ana", token: ofStaff }] },
        routes: [{ to: "only" }],
      },
    );
    expect((await ask("/open", token(ofStaff))).status).toBe(200);
    expect(upstream.lastHeaders().authorization).toBeUndefined();
  });

  it("are named in the log and the metrics", async () => {
    const { ask, lines, adminUrl } = await gatewayOf(
      { beta: { path: "/beta", routes: [{ to: "partners" }] } },
      { routes: [{ to: "staff" }] },
    );
    expect(replica(await ask("/beta"))).toBe("1");
    await ask("/mcp");
    await expect.poll(() => lines.length).toBe(2);
    const logged = lines.map((line) => JSON.parse(line) as object);
    expect(logged).toMatchObject([
      { endpoint: "beta", route: 0, upstream: "partners" },
      { route: 0, upstream: "staff" },
    ]);
    expect(logged[1]).not.toHaveProperty("endpoint");
    const text = await (await fetch(`${adminUrl}/metrics`)).text();
    const counted = text
      .split("\n")
      .filter((line) => line.startsWith("lutra_gateway_requests_total{"));
    expect(counted.filter((line) => line.includes('endpoint="beta"'))).toHaveLength(1);
    expect(counted.filter((line) => !line.includes("endpoint="))).toHaveLength(1);
  });

  it("come and go with a reload", async () => {
    const { ask, reload, config } = await gatewayOf({
      beta: { path: "/beta", routes: [{ to: "partners" }] },
    });
    expect((await ask("/beta")).status).toBe(200);
    const endpoints = { gamma: { path: "/gamma", routes: [{ to: "staff" }] } };
    await reload({ ...config, endpoints });
    expect((await ask("/beta")).status).toBe(404);
    expect((await ask("/gamma")).status).toBe(200);
    const broken = { gamma: { path: "/gamma", routes: [{ to: "nowhere" }] } };
    await expect(reload({ ...config, endpoints: broken })).rejects.toThrow(
      "endpoints.gamma.routes[0].to: expected an upstream",
    );
    expect((await ask("/gamma")).status).toBe(200);
  });

  it("have no other endpoint beside them without routes", async () => {
    const { ask, url } = await gatewayOf({ beta: { path: "/beta", routes: [{ to: "partners" }] } });
    expect(new URL(url).pathname).toBe("/beta");
    expect((await ask("/mcp")).status).toBe(404);
  });

  it("show no page of another endpoint", async () => {
    const { get } = await gatewayOf(
      { partners: { host: "partners.example", routes: [{ to: "partners" }] } },
      { routes: [{ to: "staff" }] },
    );
    expect((await get("/", "localhost")).status).toBe(200);
    expect((await get("/", "partners.example")).status).toBe(404);
  });

  it("describe the resource of their own to clients that sign in", async () => {
    const resource = "https://partners.example/mcp";
    const issuer = await createTestIssuer({ resource });
    const protectedBy = (at: string) => ({ issuer: issuer.issuer, resource: at });
    const { ask, get } = await gatewayOf(
      {
        partners: {
          host: "partners.example",
          auth: protectedBy(resource),
          routes: [{ to: "partners" }],
        },
      },
      { auth: protectedBy("https://staff.example/mcp"), routes: [{ to: "staff" }] },
    );
    const path = "/.well-known/oauth-protected-resource/mcp";
    const described = async (host: string) => JSON.parse((await get(path, host)).text) as object;
    expect(await described("localhost")).toMatchObject({ resource: "https://staff.example/mcp" });
    expect(await described("partners.example")).toMatchObject({ resource });
    const { headers } = await ask("/mcp", { host: "partners.example" });
    expect(headers["www-authenticate"]).toContain(`https://partners.example${path}`);
  });
});

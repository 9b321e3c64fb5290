import { app, appMimeType, apps, appTool } from "lutra/apps";
import type { Result } from "lutra/protocol";
import { createServer, defineTool } from "lutra/server";
import { describe, expect, it } from "vitest";
import { planOf } from "../fixtures/plan-of.ts";

const html = "<!doctype html><title>t</title>";
const map = app({
  tool: { name: "show_map", call: () => "Bern" },
  resource: { html },
  csp: {
    connectDomains: ["https://api.example.com", "https://tracker.example.net"],
    resourceDomains: ["https://cdn.example.com/lib/"],
  },
  permissions: { geolocation: true, camera: true },
  domain: "maps.example",
  prefersBorder: true,
});
const server = createServer({
  name: "maps",
  version: "1.0.0",
  tools: [
    map.tool,
    appTool({ tool: { name: "move_map", call: () => "moved" }, visibility: ["app"] }),
    defineTool({ name: "plain", _meta: { "a.b/c": 1 }, call: () => "text" }),
  ],
  resources: [map.resource],
  extensions: [apps()],
});

const url = "http://127.0.0.1:1/mcp";
const planWith = (routes: readonly object[], own: object) =>
  planOf({ maps: server }, { upstreams: { maps: { url, ...own } }, routes: routes as never });

const routes = [
  ["a route to the upstream", [{ to: "maps" }], "ui://show_map"],
  ["a merged server", [{ merge: ["maps"] }], "ui://maps/show_map"],
] as const;

const first = (result: Result, field: string) => (result[field] as readonly object[])[0];

describe.each(routes)("apps behind %s", (_what, route, uri) => {
  it("are unchanged without a policy, and readable by the URI of the tool", async () => {
    const { ask } = planWith(route, {});
    const { tools } = await ask({ method: "tools/list" });
    expect(tools).toMatchObject([
      { _meta: { ui: { resourceUri: uri }, "ui/resourceUri": uri } },
      { _meta: { ui: { visibility: ["app"] } } },
      {},
    ]);
    expect(first(await ask({ method: "resources/list" }), "resources")).toMatchObject({ uri });
    const read = await ask({ method: "resources/read", params: { uri } });
    expect(read.contents).toMatchObject([
      { uri, mimeType: appMimeType, text: html, _meta: map.resource._meta },
    ]);
  });

  it("are dropped: no pages, and no tools that only apps may call", async () => {
    const { ask } = planWith(route, { apps: { allow: false } });
    const { tools } = await ask({ method: "tools/list" });
    expect(tools).toMatchObject([
      { name: "show_map", _meta: {} },
      { name: "plain", _meta: { "a.b/c": 1 } },
    ]);
    expect(first({ tools } as Result, "tools")).toHaveProperty("_meta", {});
    expect((await ask({ method: "resources/list" })).resources).toEqual([]);
    await expect(ask({ method: "resources/read", params: { uri } })).rejects.toMatchObject({
      code: -32602,
    });
    const called = await ask({ method: "tools/call", params: { name: "show_map" } });
    expect(called.content).toMatchObject([{ text: "Bern" }]);
  });

  it("keep only the domains and features that the policy allows", async () => {
    const { ask } = planWith(route, {
      apps: { domains: ["https://*.example.com"], permissions: ["geolocation"], domain: false },
    });
    const ui = {
      csp: {
        connectDomains: ["https://api.example.com"],
        resourceDomains: ["https://cdn.example.com/lib/"],
      },
      permissions: { geolocation: {} },
      prefersBorder: true,
    };
    const read = await ask({ method: "resources/read", params: { uri } });
    expect(first(read, "contents")).toHaveProperty("_meta.ui", ui);
    const listed = await ask({ method: "resources/list" });
    expect(first(listed, "resources")).toHaveProperty("_meta.ui", ui);
  });

  it("may use no domain at all, and another domain of their own", async () => {
    const { ask } = planWith(route, { apps: { domains: [], domain: "gateway.example" } });
    const read = await ask({ method: "resources/read", params: { uri } });
    expect(first(read, "contents")).toHaveProperty("_meta.ui", {
      csp: { connectDomains: [], resourceDomains: [] },
      permissions: { geolocation: {}, camera: {} },
      domain: "gateway.example",
      prefersBorder: true,
    });
  });
});

describe("the policy in the configuration", () => {
  it("rejects a domain that could add a directive", () => {
    expect(() =>
      planWith([{ to: "maps" }], { apps: { domains: ["https://a; frame-src *"] } }),
    ).toThrow(/upstreams\.maps\.apps\.domains.*expected an origin/s);
  });

  it("rejects an unknown feature and an unknown option", () => {
    expect(() => planWith([{ to: "maps" }], { apps: { permissions: ["usb"] } })).toThrow(/camera/);
    expect(() => planWith([{ to: "maps" }], { apps: { deny: true } })).toThrow(/deny/);
  });
});

import { expect, it } from "vitest";
import { parseConfig } from "./parse-config.ts";

const upstreams = { a: { url: "http://a.example/mcp" } };
const routes = [{ to: "a" }];
const issuer = (resource: string) => ({ issuer: "https://login.example", resource });
const tokens = { tokens: [{ id: "ana", token: "0123456789abcdef" }] };

/** Returns the problems of a configuration, without the name of its file. */
function problemsOf(config: object): string {
  try {
    parseConfig({ upstreams, ...config });
    return "";
  } catch (error) {
    return (error as Error).message.replaceAll("configuration: ", "");
  }
}

it.each([
  ["at other hosts", { routes, endpoints: { b: { host: "b.example", routes } } }],
  ["at other paths", { routes, endpoints: { b: { path: "/b", routes } } }],
  ["alone", { endpoints: { b: { routes } } }],
  [
    "with one path at two hosts",
    {
      endpoints: {
        b: { host: ["b.example", "b2.example"], routes },
        c: { host: "c.example", routes },
      },
    },
  ],
  [
    "open beside a protected one",
    { auth: tokens, routes, endpoints: { b: { path: "/b", auth: false, routes } } },
  ],
  [
    "with resources of their own",
    {
      auth: issuer("https://a.example/mcp"),
      routes,
      endpoints: { b: { path: "/b", auth: issuer("https://a.example/b"), routes } },
    },
  ],
])("accepts endpoints %s", (_what, config) => {
  expect(problemsOf(config)).toBe("");
});

const same = "which receives the same requests";

it.each([
  ["none", { endpoints: {} }, "endpoints: expected at least one endpoint; add one, or remove"],
  [
    "one at the place of routes",
    { routes, endpoints: { b: { routes } } },
    `endpoints.b: expected a host or path other than the endpoint of routes at /mcp, ${same}`,
  ],
  [
    "two at one path",
    { endpoints: { b: { path: "/x", routes }, c: { path: "/x", routes } } },
    `endpoints.c: expected a host or path other than endpoints.b, ${same}`,
  ],
  [
    "two that share one of their hosts",
    {
      endpoints: {
        b: { host: ["x.example", "B.example"], routes },
        c: { host: "b.example", routes },
      },
    },
    `endpoints.c: expected a host or path other than endpoints.b, ${same}`,
  ],
  [
    "one at a path of the gateway",
    { routes, endpoints: { b: { path: "/.well-known/oauth-protected-resource/b", routes } } },
    "endpoints.b.path: expected another path, because the gateway itself answers at this one",
  ],
  [
    "two with one resource",
    {
      auth: issuer("https://a.example/mcp"),
      routes,
      endpoints: { b: { path: "/b", auth: issuer("https://a.example/mcp"), routes } },
    },
    "endpoints.b.auth.resource: expected the URL of this endpoint, other than that of the endpoint of routes at /mcp",
  ],
  [
    "one with the resource of another",
    { auth: issuer("https://a.example/mcp"), routes, endpoints: { b: { path: "/b", routes } } },
    "endpoints.b: missing, because auth.resource is the URL of another endpoint; add auth with the resource of this one, or auth: false",
  ],
  [
    "settings of the whole gateway",
    { endpoints: { b: { auth: { ...tokens, forwardCredentials: true }, routes } } },
    "endpoints.b.auth.forwardCredentials: has no effect in an endpoint; use it in auth",
  ],
  [
    "auth that no endpoint uses",
    { auth: tokens, endpoints: { b: { auth: tokens, routes } } },
    "auth: has no effect, because every endpoint has auth of its own; remove it, or add routes",
  ],
  [
    "a host with a port",
    { endpoints: { b: { host: "b.example:80", routes } } },
    "endpoints.b.host: expected a host name or address without a port, such as partners.example.com",
  ],
  [
    "a route to an unknown upstream",
    { endpoints: { b: { routes: [{ to: "x" }] } } },
    'endpoints.b.routes[0].to: expected an upstream, one of a; did you mean "a"?',
  ],
  [
    "a route that is never reached",
    { endpoints: { b: { routes: [{ to: "a" }, { to: "a", match: { method: "ping" } }] } } },
    "endpoints.b.routes[1]: never reached because endpoints.b.routes[0] matches the same requests; move it before that route",
  ],
])("refuses %s", (_what, config, message) => {
  expect(problemsOf(config)).toBe(message);
});

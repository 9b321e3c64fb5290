import { expect, it } from "vitest";
import { settingsToRestart, upstreamSettings } from "./diff.ts";
import { parseConfig } from "./parse-config.ts";

const url = "http://a.example/mcp";
const parse = (input: object) => parseConfig(input);

it("compares the settings of upstreams by value", () => {
  const old = parse({ upstreams: { same: { url }, changed: { url } } });
  const changed = { url, health: { failures: 9 } };
  const next = parse({ upstreams: { changed, same: { url: `${url}` } }, drainMs: 1 });
  expect(upstreamSettings("same", next)).toEqual(upstreamSettings("same", old));
  expect(upstreamSettings("changed", next)).not.toEqual(upstreamSettings("changed", old));
});

it.each([
  ["listen.host", { listen: { host: "0.0.0.0" } }, '"127.0.0.1"'],
  ["listen.port", { listen: { port: 3001 } }, "3000"],
  ["listen.path", { listen: { path: "/" } }, '"/mcp"'],
  ["log", { log: { file: "a.log" } }, '{"address":true}'],
  ["admin", { admin: false }, '{"host":"127.0.0.1","port":9464}'],
])("requires a restart to change %s", (setting, change, before) => {
  const upstreams = { a: { url } };
  expect(settingsToRestart(parse({ upstreams }), parse({ upstreams, ...change }))).toEqual([
    `${setting}: expected ${before}, as in the running gateway; restart the gateway to change it`,
  ]);
});

it("allows changes of other listen settings", () => {
  const upstreams = { a: { url } };
  const next = parse({ upstreams, listen: { allowedOrigins: ["https://b.example"] } });
  expect(settingsToRestart(parse({ upstreams }), next)).toEqual([]);
});

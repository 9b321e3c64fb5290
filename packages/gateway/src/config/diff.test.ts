import { expect, it } from "vitest";
import { diffConfig } from "./diff.ts";
import { parseConfig } from "./parse-config.ts";

const url = "http://a.example/mcp";
const parse = (input: object) => parseConfig(input);

it("lists new, removed and changed upstreams, compared by value", () => {
  const old = parse({ upstreams: { same: { url }, gone: { url }, changed: { url } } });
  const next = parse({
    upstreams: {
      added: { url },
      changed: { url, health: { failures: 9 } },
      same: { url: `${url}` },
    },
    drainMs: 1,
  });
  expect(diffConfig(old, next)).toEqual({
    added: ["added"],
    gone: ["gone"],
    changed: ["changed"],
    needsRestart: [],
  });
});

it.each([
  ["listen.host", { listen: { host: "0.0.0.0" } }, '"127.0.0.1"'],
  ["listen.port", { listen: { port: 3001 } }, "3000"],
  ["listen.path", { listen: { path: "/" } }, '"/mcp"'],
  ["log", { log: { file: "a.log" } }, '{"address":true}'],
  ["admin", { admin: false }, '{"host":"127.0.0.1","port":9464}'],
])("requires a restart to change %s", (setting, change, before) => {
  const upstreams = { a: { url } };
  expect(diffConfig(parse({ upstreams }), parse({ upstreams, ...change })).needsRestart).toEqual([
    `${setting}: expected ${before}, as in the running gateway; restart the gateway to change it`,
  ]);
});

it("allows changes of other listen settings", () => {
  const upstreams = { a: { url } };
  const next = parse({ upstreams, listen: { allowedOrigins: ["https://b.example"] } });
  expect(diffConfig(parse({ upstreams }), next).needsRestart).toEqual([]);
});

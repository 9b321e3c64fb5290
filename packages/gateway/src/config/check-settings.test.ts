import { expect, it } from "vitest";
import { ConfigError } from "./config-error.ts";
import { parseConfig } from "./parse-config.ts";

const a = { url: "http://a.example/mcp" };
const key = (id: string, bytes: number) => ({
  id,
  secret: Buffer.alloc(bytes, 7).toString("base64"),
});
const deny = (match: object) => ({ routes: [{ match, deny: "no" }, { to: "a" }] });
const json = (text: string) => JSON.parse(text) as object;

function problemOf(input: object): string {
  try {
    parseConfig({ upstreams: { a }, ...input }, "c");
    return "";
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

it.each<[string, object, string]>([
  ["a key of 3 bytes", { keys: [key("k", 3)] }, "c: keys[0]: "],
  ["a key without an id", { keys: [key("", 32)] }, 'c: keys[0]: keys: id "": expected 1 to 32'],
  ["an id of two keys", { keys: [key("k", 32), key("k", 32)] }, "c: keys[1].id: expected each id"],
  ["a host with spaces", { listen: { host: "not a host" } }, "c: listen.host: expected an IP"],
  ["an address out of range", { listen: { host: "999.1.1.1" } }, "c: listen.host: expected an IP"],
  ["a bad admin host", { admin: { host: "::zz" } }, "c: admin.host: expected an IP address"],
  [
    "one port for both listeners",
    { listen: { port: 5000 }, admin: { port: 5000 } },
    "c: admin.port: expected different ports",
  ],
  [
    "the default admin port",
    { listen: { port: 9464 } },
    "c: listen.port: expected different ports",
  ],
  [
    "one port on all addresses",
    { listen: { port: 5000, host: "0.0.0.0" }, admin: { port: 5000 } },
    "c: admin.port: expected different ports",
  ],
  ["no method", deny({ method: [] }), "c: routes[0].match.method: expected at least 1 item"],
  [
    "a misspelt method",
    deny({ method: "tool/call" }),
    'c: routes[0].match.method: expected a method; did you mean "tools/call"?',
  ],
  [
    "a misspelt method of a limit",
    { limits: [{ match: { method: ["tools/list", "tool/call"] }, concurrency: 1 }] },
    'c: limits[0].match.method[1]: expected a method; did you mean "tools/call"?',
  ],
  [
    "a name for a method without one",
    deny({ method: "tools/list", name: "x" }),
    "c: routes[0].match.name: never matches",
  ],
  [
    "a parameter for a method without any",
    deny({ method: ["tools/list", "prompts/get"], param: { a: "x" } }),
    "c: routes[0].match.param: never matches",
  ],
  [
    "a parameter in two spellings",
    deny({ param: { a: "x", A: "y" } }),
    "c: routes[0].match.param.A: expected only one of a and A",
  ],
  ["a URL as a host", { listen: { allowedHosts: ["https://x"] } }, "c: listen.allowedHosts[0]: "],
  ["a star as a host", { listen: { allowedHosts: ["*"] } }, "c: listen.allowedHosts[0]: expected"],
  ["an origin with a slash", { listen: { allowedOrigins: ["https://x/"] } }, "c: listen.allowedO"],
  ["a star as an origin", { listen: { allowedOrigins: ["*"] } }, "c: listen.allowedOrigins[0]: "],
  ["an origin without scheme", { listen: { allowedOrigins: ["x.example"] } }, "c: listen.allowed"],
  [
    "an origin with the default port",
    { listen: { allowedOrigins: ["https://x:443"] } },
    "c: listen.allowedOrigins[0]: expected an origin",
  ],
  ["a path with a query", { listen: { path: "/mcp?x" } }, "c: listen.path: expected a path"],
  ["a path with a space", { listen: { path: "/m cp" } }, "c: listen.path: expected a path"],
  [
    "a reserved name",
    {
      upstreams: json('{ "__proto__": { "url": "http://a/mcp" }, "a": { "url": "http://a/mcp" } }'),
    },
    "c: upstreams.__proto__: this name is reserved",
  ],
  [
    "a reserved header name",
    { upstreams: { a: { ...a, headers: json('{ "__proto__": "x" }') } } },
    "c: upstreams.a.headers.__proto__: this name is reserved",
  ],
  ["env beside url", { upstreams: { a: { ...a, env: { A: "1" } } } }, "c: upstreams.a.env: requi"],
  ["cwd beside url", { upstreams: { a: { ...a, cwd: "." } } }, "c: upstreams.a.cwd: requires"],
  ["replicas beside url", { upstreams: { a: { ...a, replicas: 2 } } }, "c: upstreams.a.replicas: "],
  [
    "health beside command",
    { upstreams: { a: { command: ["x"], health: {} } } },
    "c: upstreams.a.health: requires url or module and has no effect beside command; remove it",
  ],
  [
    "balance beside command",
    { upstreams: { a: { command: ["x"], balance: "two-choices" } } },
    "c: upstreams.a.balance: requires",
  ],
  [
    "headers beside command",
    { upstreams: { a: { command: ["x"], headers: { a: "1" } } } },
    "c: upstreams.a.headers: requires",
  ],
  [
    "a variable with =",
    { upstreams: { a: { command: ["x"], env: { "A=B": "1" } } } },
    "c: upstreams.a.env",
  ],
  [
    "a password in a URL",
    { upstreams: { a: { url: "http://u:p@a.example/mcp" } } },
    "c: upstreams.a.url: expected a URL without user and password",
  ],
  [
    "a fragment in a URL",
    { upstreams: { a: { url: ["http://a.example/mcp#x"] } } },
    "c: upstreams.a.url[0]: expected a URL without a fragment",
  ],
  ["a port beside a socket", { listen: { socket: "s", port: 1 } }, "c: listen.port: has no effect"],
  [
    "the PROXY protocol of any sender",
    { listen: { proxyProtocol: true } },
    "c: listen.proxyProtocol: requires listen.trustedProxies",
  ],
  [
    "a mode of another address",
    { listen: { also: [{ mode: "660" }] } },
    "c: listen.also[0].mode: ",
  ],
  [
    "another bad host",
    { listen: { also: [{ host: "::zz" }] } },
    "c: listen.also[0].host: expected",
  ],
  ["a mode without a socket", { listen: { mode: "660" } }, "c: listen.mode: requires socket"],
  ["a mode in other digits", { listen: { socket: "s", mode: "689" } }, "c: listen.mode: expected"],
  [
    "several URLs beside a socket",
    { upstreams: { a: { url: [a.url, "http://b.example"], socket: "s" } } },
    "c: upstreams.a: socket requires one url",
  ],
  [
    "tls beside a command",
    { upstreams: { a: { command: ["x"], tls: {} } } },
    "c: upstreams.a.tls: requires url",
  ],
  ["tls without https", { upstreams: { a: { ...a, tls: {} } } }, "c: upstreams.a: tls requires"],
  [
    "a certificate without a key",
    { upstreams: { a: { url: "https://a.example", tls: { cert: "c.pem" } } } },
    "c: upstreams.a.tls: expected cert and key together",
  ],
  ["a size without a log file", { log: { maxBytes: 10 } }, "c: log.maxBytes: requires log.file"],
])("refuses %s", (_what, input, problem) => {
  expect(problemOf(input)).toContain(problem);
});

it.each<[string, object]>([
  [
    "hosts",
    { listen: { allowedHosts: ["mcp.example.com", "[::1]:3000", "localhost:80", "10.0.0.1"] } },
  ],
  ["origins", { listen: { allowedOrigins: ["https://x.example", "http://x:8080", "app://id"] } }],
  ["addresses", { listen: { host: "::" }, admin: { host: "localhost" } }],
  ["free ports", { listen: { port: 0 }, admin: { port: 0 } }],
  ["one port at two addresses", { listen: { port: 9, host: "10.0.0.1" }, admin: { port: 9 } }],
  ["a name and a method pattern", deny({ method: "tools/*", name: "x" })],
])("accepts %s", (_what, input) => {
  expect(problemOf(input)).toBe("");
});

it("has a hint for a pattern that matches no known method", () => {
  const { notes } = parseConfig({ upstreams: { a }, ...deny({ method: "acme/*" }) }, "c");
  expect(notes).toEqual([
    "c: routes[0].match.method: acme/* matches no method of the protocol or its Tasks extension",
  ]);
});

import { describe, expect, it } from "vitest";
import { ConfigError } from "./config-error.ts";
import { defineGateway } from "./define-gateway.ts";
import { parseConfig } from "./parse-config.ts";
import { readDocument } from "./read-document.ts";

const a = { url: "http://a.example/mcp" };
const upstreams = { atlas: a, wiki: a };

function problemsOf(input: unknown): readonly string[] {
  try {
    parseConfig(input, "c.ts");
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

describe("a configuration that does not match the schema", () => {
  it.each([
    ["undefined", undefined, ["c.ts: missing, expected an object"]],
    ["an object without upstreams", {}, ["c.ts: upstreams: missing, expected an object"]],
    ["empty upstreams", { upstreams: {} }, ["c.ts: upstreams: expected at least one upstream"]],
    [
      "an unknown key",
      { upstreams, lisen: {} },
      ['c.ts: lisen: unknown key; did you mean "listen"?'],
    ],
    [
      "an unknown key without a similar one",
      { upstreams, listen: { banana: 1 } },
      [
        "c.ts: listen.banana: unknown key, expected one of host, port, socket, mode, tls, http2, proxyProtocol, path, versions, page, allowedHosts, allowedOrigins, trustedProxies, also, maxConnections, maxBodyBytes",
      ],
    ],
    [
      "an unknown key in a union",
      { upstreams, admin: { prt: 1 } },
      ['c.ts: admin.prt: unknown key; did you mean "port"?'],
    ],
    [
      "a number that is too large",
      { upstreams, listen: { port: 65536 } },
      ["c.ts: listen.port: expected at most 65535"],
    ],
    [
      "a number that is not an integer",
      { upstreams, drainMs: 0.5 },
      ["c.ts: drainMs: expected an integer, got a number"],
    ],
    [
      "an origin with a path",
      { upstreams, listen: { allowedOrigins: ["https://a.example/"] } },
      [
        expect.stringMatching(
          /^c\.ts: listen\.allowedOrigins\[0\]: .* such as https:\/\/a\.example$/,
        ),
      ],
    ],
    ["an empty array", { upstreams, keys: [] }, ["c.ts: keys: expected at least 1 item"]],
    [
      "a type that no alternative has",
      { upstreams, admin: "no" },
      ["c.ts: admin: expected false or an object, got a string"],
    ],
    [
      "a misspelt word where other text is possible",
      { upstreams, limits: [{ per: ["adress"], concurrency: 1 }] },
      [
        'c.ts: limits[0].per[0]: expected one of "principal", "address", "upstream", "tool" or "param:" followed by a header name; did you mean "address"?',
      ],
    ],
    [
      "a word that is not an alternative",
      { upstreams, limits: [{ per: ["x y"], concurrency: 1 }] },
      [expect.stringMatching(/per\[0\]: expected one of .* or "param:" .* name, got a string$/)],
    ],
    [
      "a misspelt word",
      { upstreams: { atlas: { ...a, balance: "round-robbin" } } },
      [expect.stringMatching(/balance: expected one of .*; did you mean "round-robin"\?$/)],
    ],
    [
      "a path without a slash",
      { upstreams, listen: { path: "mcp" } },
      [
        'c.ts: listen.path: expected a path that begins with "/", without query, fragment, spaces and non-ASCII characters',
      ],
    ],
    [
      "a host name as a trusted proxy",
      { upstreams, listen: { trustedProxies: ["10.0.0.0/8", "proxy.example"] } },
      [
        'c.ts: listen.trustedProxies[1]: expected an IP address, a range such as 10.0.0.0/8, or "unix"',
      ],
    ],
    [
      "a URL with another scheme",
      { upstreams: { atlas: { url: "ftp://x/" } } },
      ["c.ts: upstreams.atlas.url: expected an http or https URL"],
    ],
    [
      "an array item of another type",
      { upstreams: { atlas: { url: [a.url, 3] } } },
      ["c.ts: upstreams.atlas.url[1]: expected a string, got a number"],
    ],
    [
      "an invalid upstream name",
      { upstreams: { "a b": a } },
      [
        'c.ts: upstreams["a b"]: expected 1 to 32 letters, digits, _ or -, beginning with a letter or digit',
      ],
    ],
    [
      "an upstream without url, command or module",
      { upstreams: { atlas: {} } },
      ["c.ts: upstreams.atlas: expected exactly one of url, command and module"],
    ],
    [
      "a time above the limit of timers",
      { upstreams: { atlas: { ...a, health: { intervalMs: 2 ** 31 } } }, drainMs: 1e12 },
      [
        "c.ts: upstreams.atlas.health.intervalMs: expected at most 2147483647",
        "c.ts: drainMs: expected at most 2147483647",
      ],
    ],
    [
      "a header value with a line break",
      { upstreams: { atlas: { ...a, headers: { "x-a": "1\r\nx-b: 2" } } } },
      ["c.ts: upstreams.atlas.headers.x-a: expected printable ASCII"],
    ],
    [
      "an invalid header name",
      { upstreams: { atlas: { ...a, headers: { "x a": "1" } } } },
      ['c.ts: upstreams.atlas.headers["x a"]: expected a valid header name'],
    ],
    [
      "a header that the gateway writes",
      { upstreams: { atlas: { ...a, headers: { "Mcp-Method": "x" } }, wiki: a } },
      [
        "c.ts: upstreams.atlas.headers.Mcp-Method: expected a header that the gateway does not write or remove itself",
      ],
    ],
    [
      "a header beside a policy for headers",
      { upstreams: { atlas: { ...a, headers: { "x-a": "1", forward: ["x-b"] } } } },
      [
        "c.ts: upstreams.atlas.headers.x-a: unknown key, expected one of forward, set, rename, remove",
      ],
    ],
    [
      "a header in two spellings",
      { upstreams: { atlas: { ...a, headers: { set: { "x-a": "1", "X-A": "2" } } } } },
      [
        "c.ts: upstreams.atlas.headers.set: expected each header once, whatever the case of its letters",
      ],
    ],
    [
      "a removed header of the connection",
      { upstreams: { atlas: { ...a, headers: { remove: ["Connection"] } } } },
      [
        "c.ts: upstreams.atlas.headers.remove[0]: expected a header that the gateway does not write or remove itself",
      ],
    ],
    [
      "a share without a weight",
      { upstreams, routes: [{ to: [{ upstream: "atlas" }] }] },
      ["c.ts: routes[0].to[0].weight: missing, expected a number"],
    ],
  ])("parseConfig rejects %s", (_what, input, expected) => {
    expect(problemsOf(input)).toEqual(expected);
  });

  it("reports every problem at once, in the order of the file", () => {
    const text = [
      "listen:",
      "  prot: 1",
      "upstreams:",
      "  atlas: { url: http://a.example/mcp }",
      "routes:",
      "  - match: { name: x }",
      "    to: atlsa",
      "  - to: 7",
      "drainMs: soon",
    ].join("\n");
    const document = readDocument("c.yaml", text, {});
    expect(() => parseConfig(document.value, "c.yaml", document)).toThrow(
      expect.objectContaining({
        message: [
          'c.yaml:2:3: listen.prot: unknown key; did you mean "port"?',
          'c.yaml:7:9: routes[0].to: expected an upstream, one of atlas; did you mean "atlas"?',
          "c.yaml:8:9: routes[1].to: expected a string or an array, got a number",
          "c.yaml:9:10: drainMs: expected a number, got a string",
        ].join("\n"),
      }),
    );
  });

  it("reports a missing value at the key that should contain it", () => {
    const document = readDocument(
      "c.yaml",
      "upstreams:\n  atlas:\n    cwd: x\nkeys:\n  - id: a\n",
      {},
    );
    expect(() => parseConfig(document.value, "c.yaml", document)).toThrow(
      [
        "c.yaml:2:3: upstreams.atlas: expected exactly one of url, command and module",
        "c.yaml:5:5: keys[0].secret: missing, expected a string",
      ].join("\n"),
    );
  });
});

describe("a configuration with inconsistent parts", () => {
  const route = { to: "atlas" };
  it.each([
    [
      "a route to an unknown upstream",
      [{ to: "atlass" }],
      ['routes[0].to: expected an upstream, one of atlas, wiki; did you mean "atlas"?'],
    ],
    [
      "a share of an unknown upstream",
      [{ to: [{ upstream: "x", weight: 1 }] }],
      ["routes[0].to[0].upstream: expected an upstream, one of atlas, wiki"],
    ],
    [
      "a merge of an unknown upstream",
      [{ merge: ["atlas", "x"] }],
      ["routes[0].merge[1]: expected an upstream, one of atlas, wiki"],
    ],
    [
      "weights that are all 0",
      [{ to: [{ upstream: "atlas", weight: 0 }] }],
      ["routes[0].to: expected at least one weight above 0"],
    ],
    [
      "shares of one upstream twice",
      [
        {
          to: [
            { upstream: "atlas", weight: 1 },
            { upstream: "atlas", weight: 2 },
          ],
        },
      ],
      ["routes[0].to[1].upstream: expected each upstream only once"],
    ],
    [
      "a merge of one upstream twice",
      [{ merge: ["atlas", "wiki", "atlas"] }],
      ["routes[0].merge[2]: expected each upstream only once"],
    ],
    [
      "a prefix without a merge",
      [{ ...route, prefix: "always" }],
      ["routes[0].prefix: prefix requires merge; remove it"],
    ],
    [
      "a rename without a name",
      [{ ...route, rename: "x" }],
      ["routes[0].rename: rename requires one exact name in match.name; add it, or remove rename"],
    ],
    [
      "a rename of a pattern",
      [{ ...route, match: { name: "x*" }, rename: "x" }],
      ["routes[0].rename: rename requires one exact name in match.name; add it, or remove rename"],
    ],
    [
      "a rename of several names",
      [{ ...route, match: { name: ["x", "y"] }, rename: "z" }],
      ["routes[0].rename: rename requires one exact name in match.name; add it, or remove rename"],
    ],
    [
      "a rename in a route with deny",
      [{ deny: "no", match: { name: "x" }, rename: "z" }],
      ["routes[0].rename: expected no rename in a route with deny; remove it"],
    ],
    [
      "a shadow at an unknown upstream",
      [{ ...route, shadow: { upstream: "x" } }],
      ["routes[0].shadow.upstream: expected an upstream, one of atlas, wiki"],
    ],
    [
      "a shadow at the route's own upstream",
      [{ ...route, shadow: { upstream: "atlas" } }],
      ["routes[0].shadow.upstream: expected an upstream other than the route's own"],
    ],
    [
      "a shadow at a merged upstream",
      [{ merge: "all", shadow: { upstream: "wiki" } }],
      ["routes[0].shadow.upstream: expected an upstream other than the route's own"],
    ],
    [
      "a route after one without conditions",
      [route, { match: { name: "x" }, deny: "no" }],
      [
        "routes[1]: never reached because routes[0] matches the same requests; move it before that route",
      ],
    ],
    [
      "a route after one with an empty match",
      [{ ...route, match: {} }, { to: "wiki" }],
      [
        "routes[1]: never reached because routes[0] matches the same requests; move it before that route",
      ],
    ],
    [
      "a route that an earlier one covers",
      [
        { ...route, match: { name: ["x", "y"], param: { A: "*" } } },
        { ...route, match: { name: "y", param: { a: "1" } } },
      ],
      [
        "routes[1]: never reached because routes[0] matches the same requests; move it before that route",
      ],
    ],
    [
      "a condition on the upstream in a route to upstreams",
      [{ match: { upstream: "atlas" }, to: "wiki" }],
      [
        "routes[0].match.upstream: upstream requires deny: a route to upstreams is chosen before the upstream is known",
      ],
    ],
    [
      "a condition on an unknown upstream",
      [{ match: { upstream: ["atlas", "wikki"] }, deny: "no" }, route],
      [
        'routes[0].match.upstream[1]: expected an upstream, one of atlas, wiki; did you mean "wiki"?',
      ],
    ],
    [
      "conditions on two names",
      [{ match: { tool: "x", resource: "y" }, deny: "no" }, route],
      ["routes[0].match.resource: expected only one of tool and resource"],
    ],
    [
      "a tool of a method that addresses none",
      [{ match: { method: "prompts/*", tool: "x" }, deny: "no" }, route],
      ["routes[0].match.method: expected a method that addresses a tool"],
    ],
    [
      "a condition without patterns",
      [{ match: { method: [] }, deny: "no" }, route],
      ["routes[0].match.method: expected at least 1 item"],
    ],
  ])("parseConfig rejects %s", (_what, routes, expected) => {
    expect(problemsOf({ upstreams, routes })).toEqual(expected.map((line) => `c.ts: ${line}`));
  });

  it.each([
    [
      "a narrow route before a wide one",
      [
        { match: { name: "x" }, to: "atlas" },
        { match: { name: "*" }, to: "wiki" },
        { to: "atlas" },
      ],
    ],
    [
      "a route for any name before one for requests without a name",
      [
        { match: { name: "*" }, to: "atlas" },
        { match: { method: "x" }, to: "wiki" },
      ],
    ],
    ["a shadow at another upstream", [{ merge: ["atlas"], shadow: { upstream: "wiki" } }]],
    [
      "a weight of 0 next to others",
      [
        {
          to: [
            { upstream: "atlas", weight: 0 },
            { upstream: "wiki", weight: 1 },
          ],
        },
      ],
    ],
    [
      "a resource with methods of which one addresses it",
      [{ match: { method: ["resources/*", "x"], resource: "file:*" }, deny: "no" }, { to: "wiki" }],
    ],
    ["a rename of one exact name", [{ match: { name: "x" }, to: "atlas", rename: "y" }]],
  ])("parseConfig accepts %s", (_what, routes) => {
    expect(problemsOf({ upstreams, routes })).toEqual([]);
  });
});

describe("a configuration without routes", () => {
  it("routes everything to the only upstream", () => {
    expect(parseConfig({ upstreams: { atlas: a } }).config.routes).toEqual([
      { to: "atlas", cache: true },
    ]);
  });

  it("merges several upstreams", () => {
    expect(parseConfig({ upstreams }).config.routes).toEqual([{ merge: "all", cache: true }]);
  });
});

describe("auth", () => {
  const token = "t".repeat(16);

  it("has no anonymous callers and keeps credentials by default", () => {
    const { config } = parseConfig({ upstreams, auth: { tokens: [{ id: "ana", token }] } });
    expect(config.auth).toEqual({
      tokens: [{ id: "ana", token, scopes: [] }],
      scopes: [],
      anonymous: false,
      forwardCredentials: false,
    });
  });

  it.each([
    [{}, "auth: expected exactly one of tokens, tokensFile, module and issuer"],
    [
      { issuer: "https://login.example" },
      "auth: issuer requires resource, the URL of the gateway as clients know it",
    ],
    [
      { tokens: [{ id: "ana", token }], audience: "a" },
      "auth: resource, audience, tokenTypes, scopesSupported, signIn require issuer; remove them",
    ],
    [
      { tokensFile: "a", module: "b.ts" },
      "auth: expected exactly one of tokens, tokensFile, module and issuer",
    ],
    [
      { tokens: [{ id: "ana", token: "short" }] },
      "auth.tokens[0].token: expected 16 or more letters, digits and -._~+/",
    ],
    [
      { tokens: [{ id: "ana", token, scopes: ["a b"] }] },
      "auth.tokens[0].scopes[0]: expected a scope without spaces and quotation marks",
    ],
  ])("is refused when it is not clear who may call: %j", (auth, problem) => {
    expect(problemsOf({ upstreams, auth })).toEqual([`c.ts: ${problem}`]);
  });
});

it("hints that principals require verified credentials", () => {
  const config = defineGateway({
    upstreams,
    routes: [{ match: { principal: "alice" }, to: "atlas" }, { to: "wiki" }],
    limits: [{ match: { principal: "*" }, per: ["principal"], concurrency: 1 }],
  });
  expect(parseConfig(config, "c.ts").notes).toEqual([
    "c.ts: routes[0].match.principal: never matches callers whose credentials were not verified",
    "c.ts: limits[0].match.principal: never matches callers whose credentials were not verified",
    "c.ts: limits[0].per: callers whose credentials were not verified are counted by address",
  ]);
  const auth = { tokens: [{ id: "alice", token: "t".repeat(16) }] };
  expect(parseConfig({ ...config, auth }, "c.ts").notes).toEqual([]);
});

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

describe("a configuration that does not fit the schema", () => {
  it.each([
    ["nothing", undefined, ["c.ts: missing, expected an object"]],
    ["no upstreams", {}, ["c.ts: upstreams: missing, expected an object"]],
    ["empty upstreams", { upstreams: {} }, ["c.ts: upstreams: expected at least one upstream"]],
    [
      "an unknown key",
      { upstreams, lisen: {} },
      ['c.ts: lisen: unknown key; did you mean "listen"?'],
    ],
    [
      "an unknown key like no other",
      { upstreams, listen: { banana: 1 } },
      [
        "c.ts: listen.banana: unknown key, expected one of host, port, path, allowedHosts, allowedOrigins, trustedProxies, maxBodyBytes",
      ],
    ],
    [
      "an unknown key among alternatives",
      { upstreams, admin: { prt: 1 } },
      ['c.ts: admin.prt: unknown key; did you mean "port"?'],
    ],
    [
      "a number that is too large",
      { upstreams, listen: { port: 65536 } },
      ["c.ts: listen.port: expected at most 65535"],
    ],
    [
      "a number that is no integer",
      { upstreams, drainMs: 0.5 },
      ["c.ts: drainMs: expected an integer, got a number"],
    ],
    ["an empty array", { upstreams, keys: [] }, ["c.ts: keys: expected at least 1 in the array"]],
    [
      "another kind than any alternative",
      { upstreams, admin: "no" },
      ["c.ts: admin: expected false or an object, got a string"],
    ],
    [
      "a misspelt word",
      { upstreams: { atlas: { ...a, balance: "round-robbin" } } },
      [expect.stringMatching(/balance: expected one of .*; did you mean "round-robin"\?$/)],
    ],
    [
      "a path without a slash",
      { upstreams, listen: { path: "mcp" } },
      ["c.ts: listen.path: expected a text that starts with /"],
    ],
    [
      "a proxy by its name",
      { upstreams, listen: { trustedProxies: ["10.0.0.0/8", "proxy.example"] } },
      ["c.ts: listen.trustedProxies[1]: expected an address, or a range such as 10.0.0.0/8"],
    ],
    [
      "a URL of another scheme",
      { upstreams: { atlas: { url: "ftp://x/" } } },
      ["c.ts: upstreams.atlas.url: expected an http or https URL"],
    ],
    [
      "an item of another kind",
      { upstreams: { atlas: { url: [a.url, 3] } } },
      ["c.ts: upstreams.atlas.url[1]: expected a string, got a number"],
    ],
    [
      "an impossible name",
      { upstreams: { "a b": a } },
      ['c.ts: upstreams["a b"]: expected 1 to 32 letters, digits, _ or -'],
    ],
    [
      "no way to an upstream",
      { upstreams: { atlas: {} } },
      ["c.ts: upstreams.atlas: expected exactly one of url, command and module"],
    ],
    [
      "a time that no timer can be set for, and would be over at once",
      { upstreams: { atlas: { ...a, health: { intervalMs: 2 ** 31 } } }, drainMs: 1e12 },
      [
        "c.ts: upstreams.atlas.health.intervalMs: expected at most 2147483647",
        "c.ts: drainMs: expected at most 2147483647",
      ],
    ],
    [
      "a header that would split the head",
      { upstreams: { atlas: { ...a, headers: { "x-a": "1\r\nx-b: 2" } } } },
      ["c.ts: upstreams.atlas.headers.x-a: expected printable ASCII"],
    ],
    [
      "a header name that is none",
      { upstreams: { atlas: { ...a, headers: { "x a": "1" } } } },
      ['c.ts: upstreams.atlas.headers["x a"]: expected the name of a header'],
    ],
    [
      "a share without weight",
      { upstreams, routes: [{ to: [{ upstream: "atlas" }] }] },
      ["c.ts: routes[0].to[0].weight: missing, expected a number"],
    ],
  ])("%s", (_what, input, expected) => {
    expect(problemsOf(input)).toEqual(expected);
  });

  it("hears of every problem at once, in the order of the file", () => {
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

  it("says of something that is missing where it should be", () => {
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

describe("parts that do not fit each other", () => {
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
      ["routes[0].to: expected a weight above 0"],
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
      ["routes[0].to[1].upstream: expected each upstream once"],
    ],
    [
      "a merge of one upstream twice",
      [{ merge: ["atlas", "wiki", "atlas"] }],
      ["routes[0].merge[2]: expected each upstream once"],
    ],
    [
      "a prefix without a merge",
      [{ ...route, prefix: "always" }],
      ["routes[0].prefix: expected merge beside it; leave it out"],
    ],
    [
      "rename without a name",
      [{ ...route, rename: "x" }],
      ["routes[0].rename: expected match.name to be one exact name; give one, or leave it out"],
    ],
    [
      "rename of a pattern",
      [{ ...route, match: { name: "x*" }, rename: "x" }],
      ["routes[0].rename: expected match.name to be one exact name; give one, or leave it out"],
    ],
    [
      "rename of several",
      [{ ...route, match: { name: ["x", "y"] }, rename: "z" }],
      ["routes[0].rename: expected match.name to be one exact name; give one, or leave it out"],
    ],
    [
      "rename and deny",
      [{ deny: "no", match: { name: "x" }, rename: "z" }],
      ["routes[0].rename: expected no rename in a route that denies; leave it out"],
    ],
    [
      "a shadow that is not there",
      [{ ...route, shadow: { upstream: "x" } }],
      ["routes[0].shadow.upstream: expected an upstream, one of atlas, wiki"],
    ],
    [
      "a shadow of itself",
      [{ ...route, shadow: { upstream: "atlas" } }],
      ["routes[0].shadow.upstream: expected another upstream than the route's own"],
    ],
    [
      "a shadow among all",
      [{ merge: "all", shadow: { upstream: "wiki" } }],
      ["routes[0].shadow.upstream: expected another upstream than the route's own"],
    ],
    [
      "a route after one for everything",
      [route, { match: { name: "x" }, deny: "no" }],
      [
        "routes[1]: never reached, since routes[0] takes the same requests; move it before that one",
      ],
    ],
    [
      "a route after one with an empty match",
      [{ ...route, match: {} }, { to: "wiki" }],
      [
        "routes[1]: never reached, since routes[0] takes the same requests; move it before that one",
      ],
    ],
    [
      "a route that an earlier one covers",
      [
        { ...route, match: { name: ["x", "y"], param: { A: "*" } } },
        { ...route, match: { name: "y", param: { a: "1" } } },
      ],
      [
        "routes[1]: never reached, since routes[0] takes the same requests; move it before that one",
      ],
    ],
  ])("%s", (_what, routes, expected) => {
    expect(problemsOf({ upstreams, routes })).toEqual(expected.map((line) => `c.ts: ${line}`));
  });

  it.each([
    [
      "narrow before wide",
      [
        { match: { name: "x" }, to: "atlas" },
        { match: { name: "*" }, to: "wiki" },
        { to: "atlas" },
      ],
    ],
    [
      "any name is not no name",
      [
        { match: { name: "*" }, to: "atlas" },
        { match: { method: "x" }, to: "wiki" },
      ],
    ],
    ["a shadow of others", [{ merge: ["atlas"], shadow: { upstream: "wiki" } }]],
    [
      "a weight of 0 beside others",
      [
        {
          to: [
            { upstream: "atlas", weight: 0 },
            { upstream: "wiki", weight: 1 },
          ],
        },
      ],
    ],
    ["rename of one name", [{ match: { name: "x" }, to: "atlas", rename: "y" }]],
  ])("but not: %s", (_what, routes) => {
    expect(problemsOf({ upstreams, routes })).toEqual([]);
  });
});

describe("what is left out", () => {
  it("is a route to the one upstream", () => {
    expect(parseConfig({ upstreams: { atlas: a } }).config.routes).toEqual([
      { to: "atlas", cache: true },
    ]);
  });

  it("is a merge of several upstreams", () => {
    expect(parseConfig({ upstreams }).config.routes).toEqual([{ merge: "all", cache: true }]);
  });
});

it("notes that principals need verified credentials", () => {
  const config = defineGateway({
    upstreams,
    routes: [{ match: { principal: "alice" }, to: "atlas" }, { to: "wiki" }],
    limits: [{ match: { principal: "*" }, per: ["principal"], concurrency: 1 }],
  });
  expect(parseConfig(config, "c.ts").notes).toEqual([
    "c.ts: routes[0].match.principal: never holds for callers whose credentials nobody verified",
    "c.ts: limits[0].match.principal: never holds for callers whose credentials nobody verified",
    "c.ts: limits[0].per: callers whose credentials nobody verified count by their address",
  ]);
});

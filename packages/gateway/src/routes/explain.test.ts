import { describe, expect, it } from "vitest";
import { parseConfig } from "../config/parse-config.ts";
import { explainRoutes, type Question } from "./explain.ts";

const { config } = parseConfig({
  upstreams: {
    old: { url: "http://127.0.0.1:1/mcp", verify: "upstream" },
    next: { url: ["http://127.0.0.1:2/mcp", "http://127.0.0.1:3/mcp"], verify: "upstream" },
    notes: { command: ["notes"] },
  },
  routes: [
    { match: { method: "tools/call", name: "drop_*" }, deny: "dropping is off" },
    {
      match: { method: "tools/call", name: "find" },
      to: "next",
      rename: "search",
    },
    {
      match: { method: "tools/call", param: { Country: "FR" } },
      to: [
        { upstream: "old", weight: 9 },
        { upstream: "next", weight: 1 },
      ],
    },
    { match: { method: "tools/*" }, to: "old" },
    { merge: ["old", "notes"] },
  ],
});

const found = (upstream: string) =>
  `   ${upstream} speaks a revision that is found when it is reached`;

describe("explainRoutes", () => {
  it.each([
    ["modern", "a speaks MCP 2026-07-28", "passed through unread"],
    ["legacy", "a speaks an earlier revision", "read: the upstream speaks an earlier revision"],
    ["2025-06-18", "a speaks MCP 2025-06-18", "read: the upstream speaks an earlier revision"],
  ] as const)("explains the era %s of an upstream", (era, speaks, body) => {
    const url = "http://127.0.0.1:1/mcp";
    const upstreams = { a: { url, verify: "upstream" as const, era } };
    const { config: own } = parseConfig({ cache: false, upstreams });
    const { lines } = explainRoutes(own, { method: "tools/list" });
    expect(lines.slice(-2)).toEqual([`   ${speaks}`, `   the body is ${body}`]);
  });

  it.each<[Question, number, readonly string[]]>([
    [
      { method: "tools/call", name: "drop_table" },
      0,
      [
        "routes[0]: matches method tools/call and name drop_*",
        "=> refused with 403: dropping is off",
      ],
    ],
    [
      { method: "tools/call", name: "find" },
      1,
      [
        'routes[0]: does not match; name is "find", expected drop_*',
        "routes[1]: matches method tools/call and name find",
        "=> to next (2 URLs) as search",
        found("next"),
        "   the body is read: the name is replaced",
      ],
    ],
    [
      { method: "tools/call", name: "x", params: { country: "FR" } },
      2,
      [
        'routes[0]: does not match; name is "x", expected drop_*',
        'routes[1]: does not match; name is "x", expected find',
        "routes[2]: matches method tools/call and param.Country FR",
        "=> to old (90 %) or next (10 %)",
        found("old"),
        found("next"),
        "   the body is passed through unread",
      ],
    ],
  ])("explains the route of %j", (question, route, lines) => {
    expect(explainRoutes(config, question)).toEqual({ route, lines });
  });

  it("explains that a list may be cached", () => {
    const { route, lines } = explainRoutes(config, { method: "tools/list" });
    expect([route, ...lines.slice(-3)]).toEqual([
      3,
      "=> to old (one URL)",
      found("old"),
      "   the body is read: it may be cached, its result omits denied entries",
    ]);
  });

  it.each([
    [{ deny: "drop_*" }, "tools/list", "its result omits denied entries"],
    [{ deny: "drop_*" }, "tools/call", undefined],
    [{ prompt: "secret" }, "completion/complete", "its body names the entry that a rule denies"],
    [{ exclude: "drop_*" }, "tools/list", "its result omits entries that are not selected"],
    [{ exclude: "drop_*" }, "tools/call", undefined],
    [
      { exclude: "drop_*" },
      "completion/complete",
      "its body names an entry that may not be selected",
    ],
  ])("explains why %j makes the gateway read the body of %s", (rule, method, reason) => {
    const match = "deny" in rule ? { tool: rule.deny } : "prompt" in rule ? rule : undefined;
    const { config: own } = parseConfig({
      cache: false,
      upstreams: {
        a: {
          url: "http://127.0.0.1:1/mcp",
          verify: "upstream",
          ...("exclude" in rule && { tools: rule }),
        },
      },
      routes: [...(match ? [{ match, deny: "off" }] : []), { to: "a" }],
    });
    const { lines } = explainRoutes(own, { method });
    const expected = reason === undefined ? "passed through unread" : `read: ${reason}`;
    expect(lines.at(-1)).toBe(`   the body is ${expected}`);
  });

  it("explains a request that only the last route matches", () => {
    const { lines } = explainRoutes(config, { method: "prompts/list" });
    expect(lines.slice(-5)).toEqual([
      "routes[4]: matches every request",
      "=> old, notes as one server",
      found("old"),
      found("notes"),
      "   the body is read: the upstreams are one server",
    ]);
  });

  it("explains a denial that depends on the upstream's own name", () => {
    const merging = parseConfig({
      upstreams: { a: { url: "http://127.0.0.1:1/mcp" }, b: { url: "http://127.0.0.1:2/mcp" } },
      routes: [
        { match: { tool: "drop_*" }, deny: "dropping is off" },
        { match: { name: "tidy" }, to: "a", rename: "drop_all" },
        { merge: "all" },
      ],
    }).config;
    expect(explainRoutes(merging, { method: "tools/call", name: "a.drop_all" }).lines).toEqual([
      "routes[0]: depends on the upstream of the name; denies tool drop_*",
      'routes[1]: does not match; name is "a.drop_all", expected tidy',
      "routes[2]: matches every request",
      "=> a, b as one server",
      found("a"),
      found("b"),
      "   the body is read: the upstreams are one server",
    ]);
    expect(explainRoutes(merging, { method: "tools/call", name: "tidy" })).toEqual({
      route: 0,
      lines: ["routes[0]: matches tool drop_*", "=> refused with 403: dropping is off"],
    });
  });

  it("explains that no route matches", () => {
    const only = parseConfig({
      upstreams: { a: { url: "http://127.0.0.1:1/mcp" } },
      routes: [{ match: { method: "tools/list" }, to: "a" }],
    });
    const { route, lines } = explainRoutes(only.config, { method: "prompts/list" });
    expect(route).toBeUndefined();
    expect(lines.at(-1)).toBe("=> no route matches: refused with 404");
  });
});

describe("explainRoutes with endpoints", () => {
  const url = "http://127.0.0.1:1/mcp";
  const { config: several } = parseConfig({
    upstreams: { a: { url }, b: { url } },
    endpoints: {
      internal: {
        host: ["Tools.internal", "tools"],
        routes: [{ match: { name: "drop_*" }, deny: "off" }, { to: "a" }],
      },
      public: { path: "/public", routes: [{ to: "b" }] },
    },
  });

  it("matches the routes of the endpoint at the host, whose name has no case and no port", () => {
    const at = { host: "TOOLS.internal:443", method: "tools/call" };
    expect(explainRoutes(several, { ...at, name: "drop_all" })).toEqual({
      endpoint: "internal",
      route: 0,
      lines: [
        "endpoints.internal: has tools.internal or tools, path /mcp",
        "endpoints.internal.routes[0]: matches name drop_*",
        "=> refused with 403: off",
      ],
    });
    expect(explainRoutes(several, { ...at, name: "x" })).toMatchObject({ route: 1 });
  });

  it("matches the routes of the endpoint at the path", () => {
    const { endpoint, lines } = explainRoutes(several, { path: "/public", method: "tools/list" });
    expect(endpoint).toBe("public");
    expect(lines.slice(0, 3)).toEqual([
      "endpoints.public: has other hosts, path /public",
      "endpoints.public.routes[0]: matches every request",
      "=> to b (one URL)",
    ]);
  });

  it.each([{}, { host: "tools", path: "/public" }, { path: "/other" }])(
    "names all endpoints if none is at %j",
    (place) => {
      const { route, lines } = explainRoutes(several, { ...place, method: "tools/list" });
      expect(route).toBeUndefined();
      expect(lines.slice(0, 2)).toEqual([
        "endpoints.internal: expects tools.internal or tools, path /mcp",
        "endpoints.public: expects other hosts, path /public",
      ]);
      expect(lines[2]).toMatch(/^=> no endpoint has .*: refused with 404$/);
    },
  );
});

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

describe("explainRoutes", () => {
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
        "   the body is passed through unread",
      ],
    ],
  ])("explains the route of %j", (question, route, lines) => {
    expect(explainRoutes(config, question)).toEqual({ route, lines });
  });

  it("explains that a list may be cached", () => {
    const { route, lines } = explainRoutes(config, { method: "tools/list" });
    expect([route, ...lines.slice(-2)]).toEqual([
      3,
      "=> to old (one URL)",
      "   the body is read: it may be cached",
    ]);
  });

  it("explains a request that only the last route matches", () => {
    const { lines } = explainRoutes(config, { method: "prompts/list" });
    expect(lines.slice(-2)).toEqual([
      "routes[4]: matches every request",
      "=> old, notes as one server",
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

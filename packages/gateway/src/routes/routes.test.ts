import { describe, expect, it } from "vitest";
import type { RouteConfig } from "../config/schema.ts";
import { headOf, modern } from "../fixtures/head-of.ts";
import { compileRoutes } from "./routes.ts";

const route = (config: Partial<RouteConfig>): RouteConfig => ({ to: "a", cache: true, ...config });
const find = (configs: readonly RouteConfig[], headers: readonly string[], principal?: string) =>
  compileRoutes(configs).find({ head: headOf(...headers), principal })?.index;

describe("the first matching route", () => {
  const configs = [
    route({ match: { method: "tools/call", name: "clear_*" } }),
    route({ match: { method: "tools/*", principal: "ana" } }),
    route({ match: { method: ["tools/list"] } }),
    route({ match: { param: { Country: "FR" } } }),
    route({}),
  ];

  it.each([
    [modern("tools/call", "clear_trip"), "ana", 0],
    [modern("tools/call", "search"), "ana", 1],
    [modern("tools/call", "search"), "ben", 4],
    [modern("tools/call", "search", "Mcp-Param-Country", "FR"), "ben", 3],
    [modern("tools/list"), undefined, 2],
    [modern("tools/read", "p", "Mcp-Param-Country", "FR"), undefined, 4],
    [modern("prompts/get", "p", "Mcp-Param-Country", "FR"), undefined, 4],
    [modern("prompts/list"), undefined, 4],
    [modern("x/unknown"), undefined, 4],
  ])("is found for %j by %s: %i", (headers, principal, expected) => {
    expect(find(configs, headers, principal)).toBe(expected);
  });

  it("is undefined when no route matches", () => {
    expect(find([route({ match: { method: "tools/list" } })], modern("tools/call", "a"))).toBe(
      undefined,
    );
  });
});

describe("basic/transports/streamable-http#server-validation: a rule on headers", () => {
  const onHeaders = [route({ match: { name: "a" } }), route({})];

  it.each([
    [
      "without MCP-Protocol-Version",
      ["Mcp-Method", "tools/call", "Mcp-Name", "a"],
      "headerMismatch",
    ],
    [
      "with an older one",
      ["MCP-Protocol-Version", "2025-11-25", "Mcp-Method", "tools/call"],
      "unsupportedProtocolVersion",
    ],
    [
      "without Mcp-Method",
      ["MCP-Protocol-Version", "2026-07-28", "Mcp-Name", "a"],
      "headerMismatch",
    ],
  ])("rejects a request %s, also one that the route would not match", (_what, headers, reason) => {
    expect(() => find(onHeaders, headers)).toThrow(
      expect.objectContaining({ reason, status: 400 }),
    );
  });

  it("is not applied when no route tests headers", () => {
    expect(find([route({ match: { principal: "ana" } }), route({})], [])).toBe(1);
  });
});

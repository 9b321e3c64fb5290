import { createServer, defineTool } from "lutra/server";
import { describe, expect, it } from "vitest";
import { type Asked, planOf } from "../fixtures/plan-of.ts";

const server = (name: string) =>
  createServer({
    name,
    version: "1.0.0",
    tools: [
      defineTool({
        name: "search",
        inputSchema: {
          type: "object",
          properties: { country: { type: "string", "x-mcp-header": "Country" } },
        },
        call: () => name,
      }),
      defineTool({ name: "other", call: () => name }),
    ],
  });

const servers = () => ({ a: server("a"), b: server("b") });
const url = "http://127.0.0.1:1/mcp";

/** A call whose upstream checks nothing, as servers of earlier revisions. */
const call = (name: string, sent: string | undefined, country?: string): Asked => ({
  method: "tools/call",
  params: { name, arguments: country === undefined ? {} : { country } },
  headers: sent === undefined ? [] : ["Mcp-Param-Country", sent],
});

const onlyNZ = [
  { match: { tool: "search", param: { country: "NZ" } }, to: "a" },
  { match: { tool: "search" }, deny: "only NZ" },
  { to: "a" },
];

describe("a route that depends on a parameter", () => {
  it.each([
    ["passes a header that mirrors the argument", call("search", "NZ", "NZ"), undefined],
    ["denies another value", call("search", "JP", "JP"), 403],
    ["refuses a header that differs from the argument", call("search", "NZ", "JP"), 400],
    ["does not concern a tool that no rule names", call("other", "NZ"), undefined],
  ])("%s", async (_what, asked, status) => {
    // The lists of a fake upstream are known once they were asked for.
    const { ask } = planOf(servers(), { routes: onlyNZ });
    await ask({ method: "tools/list" });
    const outcome = ask(asked).then(
      () => undefined,
      (error) => error.status,
    );
    expect(await outcome).toBe(status);
  });

  it("refuses a call while the tool is not known", async () => {
    const { ask, upstreams } = planOf(servers(), { routes: onlyNZ });
    await expect(ask(call("search", "NZ", "NZ"))).rejects.toMatchObject({ status: 403 });
    expect(upstreams.a?.asked("tools/call")).toEqual([]);
  });

  it("refuses it behind a merged server, under any name", async () => {
    const routes = [
      { match: { upstream: "a", tool: "search", param: { country: "JP" } }, deny: "not JP" },
      { merge: "all" as const },
    ];
    const { ask } = planOf(servers(), { routes });
    await ask({ method: "tools/list" });
    const status = (asked: Asked) =>
      ask(asked).then(
        () => 200,
        (error) => error.status,
      );
    expect(await status(call("a.search", "JP", "JP"))).toBe(403);
    expect(await status(call("a.search", "NZ", "JP"))).toBe(400);
    expect(await status(call("a.search", undefined, "JP"))).toBe(400);
    expect(await status(call("a.search", "NZ", "NZ"))).toBe(200);
  });

  it("leaves the comparison to an upstream that verifies", async () => {
    const upstreams = { a: { url, verify: "upstream" as const } };
    const { ask } = planOf({ a: server("a") }, { upstreams, routes: onlyNZ });
    const forged = ask(call("search", "NZ", "JP"));
    await expect(forged).rejects.toMatchObject({ code: -32020 });
  });
});

describe("a limit per parameter", () => {
  const limits = [{ per: ["param:country" as const], rate: { requests: 1, perMs: 60_000 } }];

  it("refuses calls whose header can't be compared", async () => {
    const { ask } = planOf({ a: server("a") }, { routes: [{ to: "a" }], limits });
    await expect(ask(call("search", "NZ", "NZ"))).rejects.toMatchObject({ status: 403 });
  });

  it("counts requests of other methods together, whatever headers they send", async () => {
    const { ask } = planOf({ a: server("a") }, { routes: [{ to: "a" }], limits, cache: false });
    const list = (country: string) =>
      ask({ method: "tools/list", headers: ["Mcp-Param-Country", country] });
    await list("NZ");
    await expect(list("JP")).rejects.toMatchObject({ status: 429 });
  });
});

import type { Result, Serve } from "lutra/protocol";
import { createManualClock } from "lutra/testing";
import { describe, expect, it } from "vitest";
import { createUriForms } from "../subjects/uri-forms.ts";
import { contextOf, fakeUpstream, requestOf } from "./fixtures/upstreams.ts";
import { createRefresh } from "./refresh.ts";
import { RoutingTable } from "./routing-table.ts";

function setUp() {
  const clock = createManualClock();
  const answers: ((result: Result) => void)[] = [];
  const serve: Serve = () => new Promise((resolve) => answers.push(resolve));
  const upstream = fakeUpstream("a", { serve });
  const table = new RoutingTable({
    upstreams: ["a"],
    prefix: "collision",
    forms: createUriForms(["a"]),
  });
  const collecting = {
    upstreams: [upstream],
    table,
    maxPages: 1,
    partMs: 10_000,
    onWarning: () => {},
  };
  const refresh = createRefresh({ collecting, refreshMs: 1000, now: clock.now });
  const answer = () => {
    for (const resolve of answers.splice(0)) {
      resolve({
        tools: [{ name: "x", inputSchema: { type: "object" } }],
        ttlMs: 1,
        cacheScope: "public",
      });
    }
  };
  const caller = (principal: string, signal = new AbortController().signal) => ({
    request: requestOf("tools/call"),
    context: contextOf(principal, { signal }),
  });
  return { clock, upstream, table, refresh, answer, caller };
}

describe("a refresh of the routing table", () => {
  it("is shared by concurrent requests of a caller", async () => {
    const { upstream, refresh, answer, caller } = setUp();
    const both = [1, 2].map(() => refresh.refresh(["tools"], caller("ada")));
    answer();
    await Promise.all(both);
    expect(upstream.requests).toHaveLength(1);
  });

  it("continues for other requests if the request that started it is aborted", async () => {
    const { table, refresh, answer, caller } = setUp();
    const controller = new AbortController();
    const first = refresh.refresh(["tools"], caller("ada", controller.signal));
    const second = refresh.refresh(["tools"], caller("ada"));
    controller.abort();
    await expect(first).rejects.toMatchObject({ reason: "aborted" });
    answer();
    await second;
    expect(table.of("").names("tools").origin("x")).toBeDefined();
  });

  it("runs for each caller at a limited rate", async () => {
    const { clock, upstream, refresh, answer, caller } = setUp();
    const done = async (principal: string) => {
      const refreshed = refresh.refresh(["tools"], caller(principal));
      answer();
      await refreshed;
      return upstream.requests.length;
    };
    expect(await done("ada")).toBe(1);
    expect(await done("ada")).toBe(1);
    expect(await done("bob")).toBe(2);
    clock.advance(1000);
    expect(await done("ada")).toBe(3);
  });

  it("runs in the background once the lists are known", async () => {
    const { clock, upstream, table, refresh, answer, caller } = setUp();
    const first = refresh.ensure(["tools"], caller("ada"));
    answer();
    await first;
    await refresh.ensure(["tools"], caller("ada"));
    expect(upstream.requests).toHaveLength(1);
    table.outdate("a");
    clock.advance(1000);
    await refresh.ensure(["tools"], caller("ada"));
    expect(upstream.requests).toHaveLength(2);
  });

  it("sends a request with its own id, without progress or log messages", async () => {
    const { upstream, refresh, answer, caller } = setUp();
    const request = requestOf("tools/call");
    const _meta = {
      ...(request.params?._meta as object),
      progressToken: 1,
      "io.modelcontextprotocol/logLevel": "debug",
    };
    const asking = { ...caller("ada"), request: { ...request, params: { _meta } } };
    const refreshed = refresh.refresh(["tools"], asking);
    answer();
    await refreshed;
    const [sent] = upstream.requests;
    expect(sent?.params?._meta).toEqual(request.params?._meta);
    expect(sent?.id).not.toBe(request.id);
  });
});

import type { JSONObject, JSONRPCRequest, Serve } from "lutra/protocol";
import { expect, it } from "vitest";
import { createManualTime } from "../replicas/fixtures/manual-time.ts";
import { createCatalogue } from "./catalogue.ts";

type Page = JSONObject & { readonly tools: readonly { readonly name: string }[] };

/** An upstream whose pages a test sets. The cursor is the number of the page. */
function start(...pages: Page[]) {
  const time = createManualTime();
  const requests: JSONRPCRequest[] = [];
  const state = { pages, isBroken: false };
  const serve: Serve = async (request) => {
    requests.push(request);
    if (state.isBroken) throw new Error("broken");
    const page = Number(request.params?.cursor ?? 0);
    const more = page + 1 < state.pages.length;
    return {
      resultType: "complete",
      ttlMs: 60_000,
      ...state.pages[page],
      ...(more && { nextCursor: String(page + 1) }),
    };
  };
  const catalogue = createCatalogue(serve, time);
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { catalogue, time, requests, state, settle };
}

const page = (...names: string[]): Page => ({
  tools: names.map((name) => ({ name, inputSchema: {} })),
});

it("fetches the list on first use, in the background", async () => {
  const { catalogue, requests, settle } = start(page("a"));
  await settle();
  expect(requests).toEqual([]);
  expect(catalogue.tool("a")).toBeUndefined();
  expect(catalogue.tool("a")).toBeUndefined();
  await settle();
  expect(catalogue.tool("a")).toMatchObject({ name: "a" });
  expect(requests).toHaveLength(1);
});

it("find waits for a pending list, and not for one that has just arrived", async () => {
  const { catalogue, requests, state, time } = start(page("a"));
  const both = await Promise.all([catalogue.find("a"), catalogue.find("b")]);
  expect(both).toEqual([expect.objectContaining({ name: "a" }), undefined]);
  expect(await catalogue.find("b")).toBeUndefined();
  expect(requests).toHaveLength(1);
  catalogue.forget();
  state.pages = [page("a", "b")];
  expect(await catalogue.find("b")).toMatchObject({ name: "b" });
  state.isBroken = true;
  time.advance(60_000);
  expect(await catalogue.find("c")).toBeUndefined();
  expect(requests).toHaveLength(3);
});

it("basic/index#meta: sends its own _meta", async () => {
  const { catalogue, requests } = start(page("a"));
  catalogue.tool("a");
  expect(requests[0]).toMatchObject({
    method: "tools/list",
    params: {
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    },
  });
});

it("reads all pages", async () => {
  const { catalogue, requests, settle } = start(page("a"), page("b"), page("c"));
  catalogue.tool("a");
  await settle();
  expect(["a", "b", "c"].map((name) => catalogue.tool(name)?.name)).toEqual(["a", "b", "c"]);
  expect(requests.map(({ params }) => params?.cursor)).toEqual([undefined, "1", "2"]);
});

it("keeps at most 10,000 tools and fetches no further pages", async () => {
  const many = Array.from({ length: 6000 }, (_, index) => `t${index}`);
  const { catalogue, requests, settle } = start(
    page(...many),
    page(...many.map((name) => `x${name}`)),
    page("last"),
  );
  catalogue.tool("a");
  await settle();
  expect(catalogue.tool("xt3999")).toBeDefined();
  expect(catalogue.tool("xt4000")).toBeUndefined();
  expect(requests).toHaveLength(2);
});

it("refreshes a stale list, and uses the old one until then", async () => {
  const { catalogue, state, time, requests, settle } = start(page("a"));
  catalogue.tool("a");
  await settle();
  state.pages = [page("b")];
  time.advance(59_999);
  catalogue.tool("a");
  expect(requests).toHaveLength(1);
  time.advance(1);
  expect(catalogue.tool("a")).toBeDefined();
  await settle();
  expect([catalogue.tool("a"), catalogue.tool("b")?.name]).toEqual([undefined, "b"]);
});

it("fetches a list that is never fresh at most every 5 s", async () => {
  const { catalogue, time, requests, settle } = start({ ...page("a"), ttlMs: 0 });
  for (let ms = 0; ms < 10_000; ms += 100) {
    catalogue.tool("a");
    await settle();
    time.advance(100);
  }
  expect(requests).toHaveLength(2);
});

it("refreshes the list after `forget`", async () => {
  const { catalogue, requests, settle } = start(page("a"));
  catalogue.tool("a");
  await settle();
  catalogue.forget();
  catalogue.tool("a");
  expect(requests).toHaveLength(2);
});

it("refreshes the list after `forget` while it is in flight", async () => {
  const { catalogue, requests, settle } = start(page("a"));
  catalogue.tool("a");
  catalogue.forget();
  await settle();
  catalogue.tool("a");
  expect(requests).toHaveLength(2);
});

it("keeps the old list when the upstream fails, and retries after 5 s", async () => {
  const { catalogue, state, time, requests, settle } = start(page("a"));
  catalogue.tool("a");
  await settle();
  state.isBroken = true;
  catalogue.forget();
  catalogue.tool("a");
  await settle();
  expect(catalogue.tool("a")).toBeDefined();
  expect(requests).toHaveLength(2);
  time.advance(5000);
  catalogue.tool("a");
  expect(requests).toHaveLength(3);
});

it("prepare fetches the list before its first use", async () => {
  const { catalogue, state, time, requests, settle } = start(page("a"));
  state.isBroken = true;
  catalogue.prepare();
  await settle();
  state.isBroken = false;
  time.advance(5000);
  await settle();
  expect([catalogue.tool("a")?.name, requests.length]).toEqual(["a", 2]);
  time.advance(50_000);
  expect(requests).toHaveLength(2);
});

it("stops preparing when it is closed", async () => {
  const { catalogue, state, time, settle } = start(page("a"));
  state.isBroken = true;
  catalogue.prepare();
  await settle();
  catalogue.close();
  expect(time.waiting()).toBe(0);
});

it("fetches nothing once it is closed", async () => {
  const { catalogue, requests } = start(page("a"));
  catalogue.close();
  catalogue.tool("a");
  expect(requests).toEqual([]);
});

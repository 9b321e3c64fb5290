import { coreMethods, type Method, type Result, type Serve } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import type { Upstream } from "../upstreams/upstream.ts";
import { rename } from "./rename.ts";
import { mayShadow, shadow } from "./shadow.ts";

const methods = new Map<string, Method>(coreMethods.map((method) => [method.name, method]));
const answered: Result = { resultType: "complete" };

function shadowUpstream(serve: Serve): Upstream {
  const tools = new Map([
    ["look", { name: "look", inputSchema: {}, annotations: { readOnlyHint: true } }],
    ["clear", { name: "clear", inputSchema: {} }],
  ]);
  return { name: "shadow", serve, tool: (name: string) => tools.get(name) } as never;
}

function ask(serve: Serve, method: string, params: object) {
  const context = { signal: new AbortController().signal, notify: () => {} };
  return serve({ jsonrpc: "2.0", id: 1, method, params: { ...params } }, context);
}

describe("a shadow", () => {
  it("receives a copy, whose failure does not affect the client", async () => {
    const copies: unknown[] = [];
    const upstream = shadowUpstream(async ({ method, params }) => {
      copies.push([method, params]);
      throw new Error("the shadow is broken");
    });
    const serve = shadow({ upstream, methods, sideEffects: false })(async () => answered);
    expect(await ask(serve, "tools/list", {})).toBe(answered);
    expect(await ask(serve, "tools/call", { name: "look" })).toBe(answered);
    expect(copies).toEqual([
      ["tools/list", {}],
      ["tools/call", { name: "look" }],
    ]);
  });

  it.each([
    ["tools/call", "look", false, true],
    ["tools/call", "clear", false, false],
    ["tools/call", "unlisted", false, false],
    ["tools/call", "clear", true, true],
    ["resources/read", "file:///a", false, true],
    ["subscriptions/listen", undefined, true, false],
    ["x/unknown", undefined, true, false],
  ])("copies %s of %s, with side effects %s: %s", (method, name, sideEffects, expected) => {
    const upstream = shadowUpstream(async () => answered);
    expect(mayShadow(method, name, { upstream, methods, sideEffects })).toBe(expected);
  });

  it("receives at most 64 copies at once", async () => {
    let copies = 0;
    const upstream = shadowUpstream(() => {
      copies += 1;
      return new Promise(() => {});
    });
    const serve = shadow({ upstream, methods, sideEffects: false })(async () => answered);
    for (let call = 0; call < 100; call += 1) await ask(serve, "tools/list", {});
    expect(copies).toBe(64);
  });
});

describe("a rename", () => {
  const seen: unknown[] = [];
  const serve = rename(
    "find",
    methods,
  )(async ({ params }) => {
    seen.push(params);
    return answered;
  });

  it("replaces the parameter that names the tool, prompt or resource, whatever its key", async () => {
    await ask(serve, "tools/call", { name: "search", arguments: { name: "kept" } });
    await ask(serve, "resources/read", { uri: "a:b" });
    await ask(serve, "tools/list", { cursor: "c" });
    expect(seen).toEqual([
      { name: "find", arguments: { name: "kept" } },
      { uri: "find" },
      { cursor: "c" },
    ]);
  });
});

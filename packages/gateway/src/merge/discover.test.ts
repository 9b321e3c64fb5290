import type { Serve } from "lutra/protocol";
import { createServer, defineExtension, defineTool } from "lutra/server";
import { describe, expect, it } from "vitest";
import { contextOf, fakeUpstream, mergeOf, requestOf } from "./fixtures/upstreams.ts";

const tool = defineTool({ name: "x", call: () => "x" });
const discover = (upstreams: Parameters<typeof mergeOf>[0]) =>
  mergeOf(upstreams).serve(requestOf("server/discover"), contextOf());

/** An upstream that answers `server/discover` with these members. */
const declaring = (name: string, result: object) => {
  const serve: Serve = async () => ({
    resultType: "complete",
    supportedVersions: ["2026-07-28"],
    capabilities: {},
    ttlMs: 1000,
    cacheScope: "public",
    ...result,
  });
  return fakeUpstream(name, { serve });
};

describe("server/discover of several upstreams", () => {
  it("declares the capabilities of any upstream, and the gateway's identity", async () => {
    const a = createServer({ name: "a", version: "1", tools: [tool], instructions: "Use a." });
    const b = createServer({ name: "b", version: "1", prompts: [], resources: [] });
    const result = await discover([fakeUpstream("a", a), fakeUpstream("b", b)]);
    expect(result).toEqual({
      resultType: "complete",
      supportedVersions: ["2026-07-28"],
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
      },
      instructions: "# a\n\nUse a.",
      ttlMs: 300_000,
      cacheScope: "public",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "merged", version: "1.0.0" } },
    });
  });

  it("sets a flag of a capability if any upstream sets it", async () => {
    const capabilities = { tools: { listChanged: false }, resources: { subscribe: true } };
    const more = { tools: { listChanged: true }, resources: {} };
    const result = await discover([
      declaring("a", { capabilities }),
      declaring("b", { capabilities: more }),
      declaring("c", { capabilities }),
    ]);
    expect(result.capabilities).toEqual({
      tools: { listChanged: true },
      resources: { subscribe: true },
    });
  });

  it("joins the instructions, each under the name of its upstream", async () => {
    const result = await discover([
      declaring("a", { instructions: "First.\n" }),
      declaring("b", {}),
      declaring("c", { instructions: "Then." }),
    ]);
    expect(result.instructions).toBe("# a\n\nFirst.\n\n# c\n\nThen.");
  });

  it("declares the extensions of all upstreams, with the settings on which they agree", async () => {
    const extension = (settings: object) => ({ "com.example/x": settings });
    const result = await discover([
      declaring("a", { capabilities: { extensions: extension({ same: [1], other: 1 }) } }),
      declaring("b", {
        capabilities: {
          extensions: { ...extension({ other: 2, same: [1] }), "com.example/y": { z: true } },
        },
      }),
    ]);
    expect(result.capabilities).toEqual({
      extensions: { "com.example/x": { same: [1] }, "com.example/y": { z: true } },
    });
  });

  it("declares an extension that only one upstream has", async () => {
    const extension = defineExtension({ id: "com.example/x", settings: { on: true } });
    const a = createServer({ name: "a", version: "1", extensions: [extension] });
    const result = await discover([fakeUpstream("a", a), declaring("b", {})]);
    expect(result.capabilities).toEqual({ extensions: { "com.example/x": { on: true } } });
  });

  it("names missing upstreams, and is not cacheable then", async () => {
    const b = declaring("b", {});
    b.isDown = true;
    const result = await discover([declaring("a", { capabilities: { tools: {} } }), b]);
    expect(result).toMatchObject({
      capabilities: { tools: {} },
      ttlMs: 0,
      cacheScope: "private",
      _meta: { "dev.lutra/missing": ["b"] },
    });
  });

  it("treats an upstream without a modern version as missing", async () => {
    const old = declaring("old", {
      supportedVersions: ["2025-11-25"],
      capabilities: { tools: {} },
    });
    const result = await discover([old, declaring("a", {})]);
    expect(result).toMatchObject({ supportedVersions: ["2026-07-28"], capabilities: {} });
    expect(result._meta).toMatchObject({ "dev.lutra/missing": ["old"] });
  });
});

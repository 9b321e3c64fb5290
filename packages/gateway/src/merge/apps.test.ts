import { app, appTool, originKey, readAppToolMeta } from "lutra/apps";
import type { Result } from "lutra/protocol";
import { createServer, defineTool } from "lutra/server";
import { describe, expect, it } from "vitest";
import { contextOf, fakeUpstream, mergeOf, requestOf } from "./fixtures/upstreams.ts";

const page = (name: string) => `<!doctype html><title>${name}</title>`;

/** Two servers with the same URI and the same tools. */
const serverOf = (name: string) => {
  const board = app({
    tool: { name: "show", call: () => name },
    uri: "ui://board",
    resource: { html: page(name) },
  });
  return createServer({
    name,
    version: "1.0.0",
    tools: [
      board.tool,
      appTool({ tool: { name: `refresh_${name}`, call: () => name }, visibility: ["app"] }),
      defineTool({ name: `plain_${name}`, call: () => name }),
    ],
    resources: [board.resource],
  });
};

const merged = () => mergeOf([fakeUpstream("a", serverOf("a")), fakeUpstream("b", serverOf("b"))]);

interface ShownTool {
  readonly name: string;
  readonly _meta?: { readonly [key: string]: unknown };
}

const toolsOf = (result: Result) => result.tools as readonly ShownTool[];

describe("apps of merged servers", () => {
  it("each tool names the page of its own server, in both forms", async () => {
    const merge = merged();
    const tools = toolsOf(await merge.serve(requestOf("tools/list"), contextOf()));
    const shows = tools.filter(({ name }) => name.endsWith("show"));
    expect(shows).toMatchObject([
      {
        name: "a.show",
        _meta: { ui: { resourceUri: "ui://a/board" }, "ui/resourceUri": "ui://a/board" },
      },
      {
        name: "b.show",
        _meta: { ui: { resourceUri: "ui://b/board" }, "ui/resourceUri": "ui://b/board" },
      },
    ]);
    for (const [index, name] of ["a", "b"].entries()) {
      const { resourceUri: uri = "" } = readAppToolMeta((shows[index] ?? {}) as object);
      const read = await merge.serve(requestOf("resources/read", { uri }), contextOf());
      expect(read.contents).toMatchObject([{ uri, text: page(name) }]);
    }
    const { resources } = await merge.serve(requestOf("resources/list"), contextOf());
    expect(resources).toMatchObject([{ uri: "ui://a/board" }, { uri: "ui://b/board" }]);
  });

  it("a tool of an app names its upstream; other tools are unchanged", async () => {
    const tools = toolsOf(await merged().serve(requestOf("tools/list"), contextOf()));
    const origins = tools.map(({ name, _meta }) => [name, _meta?.[originKey]]);
    expect(Object.fromEntries(origins)).toEqual({
      "a.show": "a",
      refresh_a: "a",
      plain_a: undefined,
      "b.show": "b",
      refresh_b: "b",
      plain_b: undefined,
    });
  });

  it("a merge of merges names both, and a server can't claim the name of another", async () => {
    const forged = defineTool({
      name: "forged",
      _meta: { ui: { visibility: ["app"] }, [originKey]: "b" },
      call: () => "",
    });
    const plain = defineTool({ name: "plain", _meta: { [originKey]: "b" }, call: () => "" });
    const tools = [forged, plain];
    const merge = mergeOf([
      fakeUpstream("a", createServer({ name: "a", version: "1.0.0", tools })),
      fakeUpstream("b", serverOf("b")),
    ]);
    const listed = toolsOf(await merge.serve(requestOf("tools/list"), contextOf()));
    expect(listed.find(({ name }) => name === "forged")?._meta?.[originKey]).toBe("a/b");
    expect(listed.find(({ name }) => name === "plain")?._meta).toEqual({});
  });
});

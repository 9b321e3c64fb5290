import { describe, expect, it } from "vitest";
import { withBytes } from "../protocol/json-rpc.ts";
import { toLegacyContent, toLegacyResult } from "./to-legacy.ts";

describe("toLegacyResult", () => {
  it("leaves out what the current revision has added to all results", () => {
    const result = {
      resultType: "complete",
      ttlMs: 1,
      cacheScope: "public",
      content: [],
      nextCursor: "x",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "x" } },
    };
    expect(toLegacyResult(result, "2025-11-25")).toEqual({ content: [], nextCursor: "x" });
  });

  it("keeps the members of _meta that are not reserved", () => {
    const _meta = { "com.example/x": 1, "io.modelcontextprotocol/serverInfo": {} };
    expect(toLegacyResult({ _meta }, "2024-11-05")).toEqual({ _meta: { "com.example/x": 1 } });
  });

  it("converts a result that is encoded ahead of time once for each revision", () => {
    const tools = [{ name: "a", inputSchema: { type: "object" }, title: "A" }];
    const result = withBytes({ resultType: "complete", tools });
    const [one, two, old] = ["2025-11-25", "2025-11-25", "2025-03-26"].map((version) =>
      toLegacyResult(result, version),
    );
    expect(one).toBe(two);
    expect([one?.tools, old?.tools]).toEqual([
      tools,
      [{ name: "a", inputSchema: { type: "object" } }],
    ]);
  });

  it.each([[[1]], ["x"], [1], [null]])(
    "leaves out structured content of another type: %j",
    (structuredContent) => {
      expect(toLegacyResult({ structuredContent }, "2025-11-25")).toEqual({});
    },
  );

  it("treats names of objects like any other", () => {
    const result = JSON.parse('{"constructor":1,"toString":2}');
    expect(toLegacyResult(result, "2025-11-25")).toEqual(result);
  });
});

describe("toLegacyContent", () => {
  it.each([
    [{ type: "resource_link", uri: "a:b", name: "b" }, "b: a:b"],
    [{ type: "resource_link", uri: "a:b", name: "b", title: "B" }, "B: a:b"],
    [
      { type: "audio", mimeType: "audio/wav", data: "AA==" },
      "[audio, audio/wav: not supported by MCP 2024-11-05]",
    ],
  ])("has a text in place of %j", (block, text) => {
    expect(toLegacyContent(block, "2024-11-05")).toEqual({ type: "text", text });
    expect(toLegacyContent(block, "2025-11-25")).toEqual(block);
  });
});

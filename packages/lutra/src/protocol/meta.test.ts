import { describe, expect, it } from "vitest";
import { isExtensionId, isMetaKey, isReservedMetaKey, metaKeys, parseRequestMeta } from "./meta.ts";

const version = metaKeys.protocolVersion;
const capabilities = metaKeys.clientCapabilities;
const minimal = { [version]: "2026-07-28", [capabilities]: {} };
const versions = ["2026-07-28"];
const invalidParams = { code: -32602, status: 400 };

describe("basic/index#meta: per-request protocol fields", () => {
  it("are read from the keys that the specification names", () => {
    expect(Object.values(metaKeys)).toEqual([
      "io.modelcontextprotocol/protocolVersion",
      "io.modelcontextprotocol/clientInfo",
      "io.modelcontextprotocol/clientCapabilities",
      "io.modelcontextprotocol/logLevel",
      "io.modelcontextprotocol/serverInfo",
      "io.modelcontextprotocol/subscriptionId",
      "progressToken",
    ]);
    const clientInfo = { name: "a", version: "1", title: "A" };
    const meta = {
      ...minimal,
      [metaKeys.clientInfo]: clientInfo,
      [capabilities]: { elicitation: { url: {} }, extensions: { "com.example/x": { a: 1 } } },
      [metaKeys.logLevel]: "warning",
      progressToken: 7,
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
      "com.example/own": null,
    };
    expect(parseRequestMeta({ _meta: meta }, versions)).toEqual({
      version: "2026-07-28",
      capabilities: { elicitation: { url: {} }, extensions: { "com.example/x": { a: 1 } } },
      clientInfo,
      logLevel: "warning",
      progressToken: 7,
    });
  });

  it("need no more than a version and capabilities", () => {
    expect(parseRequestMeta({ _meta: minimal }, versions)).toMatchObject({
      version: "2026-07-28",
      capabilities: {},
    });
  });

  it.each([
    ["no params", undefined, "params._meta"],
    ["no _meta", {}, "params._meta"],
    ["_meta is null", { _meta: null }, "params._meta"],
    ["_meta is an array", { _meta: [] }, "params._meta"],
    ["_meta is text", { _meta: "{}" }, "params._meta"],
    ["an empty _meta", { _meta: {} }, "protocolVersion"],
    ["no version", { _meta: { [capabilities]: {} } }, "protocolVersion"],
    ["a version that is a number", { _meta: { ...minimal, [version]: 20260728 } }, "Version"],
    ["a version that is null", { _meta: { ...minimal, [version]: null } }, "protocolVersion"],
    ["no capabilities", { _meta: { [version]: "2026-07-28" } }, "clientCapabilities"],
    ["capabilities that are null", { _meta: { ...minimal, [capabilities]: null } }, "Capabilities"],
    ["capabilities in a list", { _meta: { ...minimal, [capabilities]: ["roots"] } }, "Capabil"],
    [
      "a capability that is not an object",
      { _meta: { ...minimal, [capabilities]: { sampling: true } } },
      'clientCapabilities.sampling"]: expected an object',
    ],
    [
      "extension settings that are not an object",
      { _meta: { ...minimal, [capabilities]: { extensions: { "com.example/x": true } } } },
      'clientCapabilities.extensions.com.example/x"]: expected an object',
    ],
    ["a client without a version", withMeta(metaKeys.clientInfo, { name: "a" }), "clientInfo"],
    ["a client without a name", withMeta(metaKeys.clientInfo, { version: "1" }), "clientInfo"],
    ["a client that is text", withMeta(metaKeys.clientInfo, "a/1"), "clientInfo"],
    ["an unknown log level", withMeta(metaKeys.logLevel, "verbose"), "logLevel"],
    ["a log level from the prototype", withMeta(metaKeys.logLevel, "toString"), "logLevel"],
    ["a log level that is a number", withMeta(metaKeys.logLevel, 3), "logLevel"],
    ["a fractional progress token", withMeta("progressToken", 1.5), "progressToken"],
    ["a progress token that loses digits", withMeta("progressToken", 2 ** 53), "progressToken"],
    [
      "a progress token that is too long",
      withMeta("progressToken", "x".repeat(1025)),
      "progressToken",
    ],
    ["a progress token that is null", withMeta("progressToken", null), "progressToken"],
    ["a progress token that is an object", withMeta("progressToken", {}), "progressToken"],
  ])("a request missing or malforming a field is rejected with -32602: %s", (_what, params, at) => {
    expect(() => parseRequestMeta(params, versions)).toThrow(
      expect.objectContaining(invalidParams),
    );
    expect(() => parseRequestMeta(params, versions)).toThrow(at);
  });

  it.each([[""], ["abc"], [0], [-1]])("progress tokens are strings or integers: %j", (token) => {
    const meta = parseRequestMeta(withMeta("progressToken", token), versions);
    expect(meta.progressToken).toBe(token);
  });
});

describe("basic/index#meta: key name format", () => {
  it.each([
    ["name", true],
    ["a", true],
    ["my-name_1.x", true],
    ["1name9", true],
    ["com.example/name", true],
    ["com.example/", true],
    ["c/n", true],
    ["com.ex-ample.b2/n", true],
    ["", true],
    ["-name", false],
    ["name-", false],
    [".name", false],
    ["na me", false],
    ["naïve", false],
    ["com.example/na/me", false],
    ["com..example/name", false],
    [".com/name", false],
    ["1com.example/name", false],
    ["com.example-/name", false],
    ["com.2example/name", false],
    ["com.exam_ple/name", false],
    ["/name", false],
    ["name\n", false],
  ])("%j is a key: %s", (key, expected) => {
    expect(isMetaKey(key)).toBe(expected);
  });

  it.each([
    ["io.modelcontextprotocol/x", true],
    ["dev.mcp/x", true],
    ["org.modelcontextprotocol.api/x", true],
    ["com.mcp.tools/x", true],
    ["com.mcp/", true],
    ["com.example.mcp/x", false],
    ["com.example.modelcontextprotocol/x", false],
    ["mcp/x", false],
    ["modelcontextprotocol/x", false],
    ["com.mcp2/x", false],
    ["mcp.dev/x", false],
    ["io.modelcontextprotocol", false],
  ])(
    "any prefix whose second label is mcp or modelcontextprotocol is reserved: %j %s",
    (key, is) => {
      expect(isReservedMetaKey(key)).toBe(is);
    },
  );

  it("long keys are decided at once", () => {
    const long = "a.".repeat(50_000);
    expect(isMetaKey(`${long}!`)).toBe(false);
    expect(isMetaKey("a".repeat(100_000))).toBe(true);
    expect(isReservedMetaKey(long)).toBe(false);
  });
});

describe("basic/versioning#extension-negotiation", () => {
  it.each([
    ["com.example/tasks", true],
    ["io.modelcontextprotocol/ui", true],
    ["tasks", false],
    ["com.example/", false],
    ["/tasks", false],
    ["com.example/-tasks", false],
    ["com example/tasks", false],
    ["", false],
  ])(
    "extension identifiers follow the key rules with a mandatory prefix: %j %s",
    (id, expected) => {
      expect(isExtensionId(id)).toBe(expected);
    },
  );
});

function withMeta(key: string, value: unknown): { _meta: Record<string, unknown> } {
  return { _meta: { ...minimal, [key]: value } };
}

import { describe, expect, it } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { coreMethods } from "../protocol/methods.ts";
import { createServer } from "./create-server.ts";
import { contextOf, requestOf } from "./fixtures/ask.ts";
import { definePrompt } from "./prompts.ts";
import { defineResource } from "./resources.ts";
import { defineTool } from "./tools.ts";

const version = "io.modelcontextprotocol/protocolVersion";
const capabilities = "io.modelcontextprotocol/clientCapabilities";
let ran = 0;

const server = createServer({
  name: "test",
  version: "1",
  tools: [
    defineTool({
      name: "add",
      call: () => {
        ran += 1;
        return "";
      },
    }),
  ],
  resources: [defineResource({ uri: "a:b", name: "b", read: () => "" })],
  prompts: [
    definePrompt({ name: "p", arguments: { a: { complete: () => ["x"] } }, get: () => "" }),
  ],
});

const params: { readonly [method: string]: JSONObject } = {
  "tools/call": { name: "add" },
  "resources/read": { uri: "a:b" },
  "prompts/get": { name: "p" },
  "completion/complete": {
    ref: { type: "ref/prompt", name: "p" },
    argument: { name: "a", value: "" },
  },
  "subscriptions/listen": { notifications: {} },
};

function serve(request: JSONRPCRequest, headers?: { readonly [name: string]: string }) {
  const header = headers && ((name: string) => headers[name]);
  return server.serve(request, contextOf({ ...(header && { header }) }));
}

function headersOf({ method, params: sent = {} }: JSONRPCRequest): Record<string, string> {
  const name = sent.name ?? sent.uri;
  return {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(typeof name === "string" && { "mcp-name": name }),
  };
}

describe.each(coreMethods.map(({ name }) => name))(
  "basic/index#meta: every request of %s",
  (method) => {
    const malformed: readonly (readonly [string, JSONObject | undefined])[] = [
      ["without params", undefined],
      ["without _meta", params[method] ?? {}],
      ["with a _meta that is a list", { ...params[method], _meta: [] }],
      ["without a version", { ...params[method], _meta: { [capabilities]: {} } }],
      [
        "with a version that is a number",
        { ...params[method], _meta: { [version]: 1, [capabilities]: {} } },
      ],
      ["without capabilities", { ...params[method], _meta: { [version]: "2026-07-28" } }],
      [
        "with capabilities that are a list",
        { ...params[method], _meta: { [version]: "2026-07-28", [capabilities]: [] } },
      ],
      [
        "with an unknown log level",
        requestOf(method, params[method], { meta: { "io.modelcontextprotocol/logLevel": "loud" } })
          .params,
      ],
      [
        "with a progress token that is an object",
        requestOf(method, params[method], { meta: { progressToken: {} } }).params,
      ],
    ];

    it.each(malformed)("%s is rejected with -32602", async (_what, sent) => {
      const request = { jsonrpc: "2.0", id: 1, method, params: sent } as const;
      const error = expect.objectContaining({ code: -32602, status: 400 });
      await expect(serve(request)).rejects.toEqual(error);
      await expect(serve(request, headersOf(request))).rejects.toEqual(error);
    });

    it("with a version that is not spoken is rejected with -32022 and those that are", async () => {
      const request = requestOf(method, params[method], { meta: { [version]: "1900-01-01" } });
      const error = expect.objectContaining({
        code: -32022,
        status: 400,
        data: { supported: ["2026-07-28"], requested: "1900-01-01" },
      });
      await expect(serve(request)).rejects.toEqual(error);
      const headers = { ...headersOf(request), "mcp-protocol-version": "1900-01-01" };
      await expect(serve(request, headers)).rejects.toEqual(error);
    });

    it.each(["mcp-protocol-version", "mcp-method"])(
      "basic/transports/streamable-http#server-validation: without or with another %s: -32020",
      async (name) => {
        const request = requestOf(method, params[method]);
        const { [name]: right, ...without } = headersOf(request);
        const wrong = [without, ...["", "x", `${right}x`, right?.toUpperCase() ?? ""]].map(
          (value) => (typeof value === "string" ? { ...without, [name]: value } : value),
        );
        for (const headers of wrong.filter((one) => one[name] !== right)) {
          await expect(serve(request, headers)).rejects.toMatchObject({
            code: -32020,
            status: 400,
          });
        }
      },
    );
  },
);

describe("basic/transports/streamable-http#standard-request-headers", () => {
  it.each(["tools/call", "resources/read", "prompts/get"])("Mcp-Name of %s", async (method) => {
    const request = requestOf(method, params[method]);
    const headers = headersOf(request);
    await expect(serve(request, headers)).resolves.toMatchObject({ resultType: "complete" });
    for (const name of [undefined, "", "other", "=?base64?!?="]) {
      const { "mcp-name": _right, ...rest } = headers;
      const sent = name === undefined ? rest : { ...rest, "mcp-name": name };
      await expect(serve(request, sent)).rejects.toMatchObject({ code: -32020, status: 400 });
    }
    const encoded = { ...headers, "mcp-name": `=?base64?${btoa(headers["mcp-name"] ?? "")}?=` };
    await expect(serve(request, encoded)).resolves.toMatchObject({ resultType: "complete" });
  });

  it("an Mcp-Name without a name in the body does not match", async () => {
    const request = requestOf("tools/call");
    const headers = { ...headersOf(request), "mcp-name": "add" };
    await expect(serve(request, headers)).rejects.toMatchObject({ code: -32020 });
    await expect(serve(request, headersOf(request))).rejects.toMatchObject({ code: -32602 });
  });

  it("is not needed where nothing is mirrored", async () => {
    const request = requestOf("tools/list");
    const headers = { ...headersOf(request), "mcp-name": "whatever" };
    await expect(serve(request, headers)).resolves.toMatchObject({ resultType: "complete" });
  });
});

describe("the first check that fails is the answer", () => {
  const unknown = requestOf("tools/dance", {}, { meta: { [version]: "1900-01-01" } });
  const bare = { jsonrpc: "2.0", id: 1, method: "tools/dance", params: {} } as const;
  it.each<[string, JSONRPCRequest, Record<string, string> | undefined, number]>([
    ["a missing version header before the _meta", bare, {}, -32020],
    ["the _meta before the method", bare, undefined, -32602],
    ["the _meta before other headers", bare, { "mcp-protocol-version": "2026-07-28" }, -32602],
    [
      "an unsupported version header before a missing _meta",
      bare,
      { "mcp-protocol-version": "x" },
      -32022,
    ],
    ["the version header against the _meta first", unknown, headersOf(unknown), -32020],
    [
      "the version before the method header",
      unknown,
      { "mcp-protocol-version": "1900-01-01" },
      -32022,
    ],
    ["the version before the method", unknown, undefined, -32022],
    [
      "the method header before the method",
      requestOf("tools/dance"),
      { ...headersOf(requestOf("tools/dance")), "mcp-method": "tools/list" },
      -32020,
    ],
    ["the method before its params", requestOf("tools/dance", { name: 1 }), undefined, -32601],
    [
      "Mcp-Name before the params",
      requestOf("tools/call", { name: "add", arguments: [] }),
      { ...headersOf(requestOf("tools/call")), "mcp-name": "sub" },
      -32020,
    ],
  ])("%s, and nothing runs", async (_what, request, headers, code) => {
    const before = ran;
    await expect(serve(request, headers)).rejects.toMatchObject({ code });
    expect(ran).toBe(before);
  });
});

describe("basic/transports/streamable-http#protocol-version-header: methods", () => {
  it.each([
    ["an unknown method", "tools/dance"],
    ["initialize", "initialize"],
    ["ping", "ping"],
    ["logging/setLevel", "logging/setLevel"],
    ["resources/subscribe", "resources/subscribe"],
    ["resources/unsubscribe", "resources/unsubscribe"],
    ["one of a client", "sampling/createMessage"],
    ["a name of the prototype", "constructor"],
    ["an empty name", ""],
    ["a very long name", "x".repeat(100_000)],
  ])("%s is answered with 404 and -32601", async (_what, method) => {
    const request = requestOf(method);
    const error = { code: -32601, status: 404 };
    await expect(serve(request)).rejects.toMatchObject(error);
    if (method !== "")
      await expect(serve(request, headersOf(request))).rejects.toMatchObject(error);
  });

  it("a category that was not declared has no methods", async () => {
    const bare = createServer({ name: "bare", version: "1" });
    for (const { name, capability } of coreMethods) {
      if (capability === undefined) continue;
      const answer = bare.serve(requestOf(name, params[name]), contextOf());
      await expect(answer).rejects.toMatchObject({ code: -32601 });
    }
  });
});

describe("basic/versioning#backward-compatibility-with-initialization-based-versions", () => {
  const initialize: JSONRPCRequest = {
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "old", version: "1" },
    },
  };

  it.each([
    ["over a transport without headers", initialize, undefined],
    ["over HTTP, without the new headers", initialize, {}],
    [
      "over HTTP, with the header of its own version",
      initialize,
      { "mcp-protocol-version": "2025-11-25" },
    ],
    ["without params", { jsonrpc: "2.0", id: 0, method: "initialize" } as const, undefined],
    [
      "with the _meta of its own revision",
      { ...initialize, params: { ...initialize.params, _meta: { progressToken: 1 } } },
      undefined,
    ],
    ["wrapped in the new _meta", requestOf("initialize"), undefined],
  ])("any error names the supported versions: %s", async (_what, request, headers) => {
    const error = await serve(request, headers).catch((thrown) => thrown);
    expect(error.data).toMatchObject({ supported: ["2026-07-28"] });
  });

  it.each<[string, Record<string, string> | undefined, number]>([
    ["over a transport without headers", undefined, -32602],
    ["over HTTP", {}, -32020],
    ["over HTTP, with the header of its version", { "mcp-protocol-version": "2025-11-25" }, -32022],
  ])("the message names both versions: %s", async (_what, headers, code) => {
    const message =
      "Unsupported protocol version: the client asked for 2025-11-25; this server supports 2026-07-28";
    const data = { supported: ["2026-07-28"], requested: "2025-11-25" };
    await expect(serve(initialize, headers)).rejects.toMatchObject({ code, message, data });
  });

  it("a version header of an earlier revision decides where _meta has no version", async () => {
    const headers = { "mcp-protocol-version": "2025-11-25", "mcp-method": "tools/list" };
    const data = { supported: ["2026-07-28"], requested: "2025-11-25" };
    for (const params of [{}, { _meta: {} }, { _meta: { progressToken: 1 } }]) {
      const request = { jsonrpc: "2.0", id: 1, method: "tools/list", params } as const;
      await expect(serve(request, headers)).rejects.toMatchObject({ code: -32022, data });
    }
  });
});

import {
  callTool,
  coreMethods,
  type Method,
  type Result,
  type Serve,
  type Tool,
} from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { createRecord, recordIn } from "../exchange-record.ts";
import { admission, paramAdmission } from "./admission.ts";

const methods = new Map<string, Method>(coreMethods.map((method) => [method.name, method]));
const answered: Result = { resultType: "complete" };
const answer: Serve = async () => answered;
const _meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

type Headers = { readonly [name: string]: string };
const headers: Headers = {
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "search",
};

function ask(serve: Serve, sent: Headers, method = "tools/call", params: object = {}) {
  const request = { jsonrpc: "2.0", id: 1, method, params: { name: "search", _meta, ...params } };
  const context = {
    signal: new AbortController().signal,
    notify: () => {},
    header: (name: string) => sent[name],
  };
  return (async () => serve(request as never, context))();
}

describe("basic/transports/streamable-http#server-validation: admission", () => {
  const serve = admission(methods)(answer);

  it("passes a request whose headers agree with its body", async () => {
    expect(await ask(serve, headers)).toBe(answered);
  });

  it.each([
    ["Mcp-Method differs", { ...headers, "mcp-method": "tools/list" }],
    ["Mcp-Name differs", { ...headers, "mcp-name": "other" }],
    ["Mcp-Name is missing", { ...headers, "mcp-name": undefined }],
    ["the version differs", { ...headers, "mcp-protocol-version": "2027-01-01" }],
    ["the version is missing", { ...headers, "mcp-protocol-version": undefined }],
  ])("rejects a request with 400 and -32020 when %s", async (_what, sent) => {
    await expect(ask(serve, sent as never)).rejects.toMatchObject({ code: -32020, status: 400 });
  });

  it("passes a method that only the upstream knows", async () => {
    expect(await ask(serve, { ...headers, "mcp-method": "x/new" }, "x/new")).toBe(answered);
  });
});

describe("basic/transports/streamable-http#server-behavior-for-custom-headers", () => {
  const inputSchema = {
    type: "object",
    properties: { country: { type: "string", "x-mcp-header": "Country" } },
  } as const;
  const tools = new Map([
    ["search", { name: "search", inputSchema }],
    ["wrong", { name: "wrong", inputSchema: { type: "object", "x-mcp-header": "No" } as const }],
  ]);
  const serve = paramAdmission(
    { name: "a", tool: (name) => tools.get(name) },
    methods,
    undefined,
  )(answer);
  const call = (sent: Headers, args: object, name = "search") =>
    ask(serve, sent, callTool.name, { name, arguments: args });

  it("passes a call whose header mirrors its argument", async () => {
    expect(await call({ "mcp-param-country": "FR" }, { country: "FR" })).toBe(answered);
  });

  it.each([
    ["differs from its argument", { "mcp-param-country": "DE" }, { country: "FR" }],
    ["is missing", {}, { country: "FR" }],
    ["has no argument", { "mcp-param-country": "FR" }, {}],
  ])("rejects with -32020 a call whose header %s", async (_what, sent, args) => {
    await expect(call(sent as Headers, args)).rejects.toMatchObject({ code: -32020 });
  });

  it("looks up an unknown tool before its first call", async () => {
    const findTool = async (name: string) => tools.get(name);
    const first = paramAdmission(
      { name: "a", tool: () => undefined, findTool },
      methods,
      undefined,
    )(answer);
    const params = { name: "search", arguments: { country: "FR" } };
    const asked = ask(first, { "mcp-param-country": "DE" }, callTool.name, params);
    await expect(asked).rejects.toMatchObject({ code: -32020 });
    expect(await ask(first, { "mcp-param-country": "FR" }, callTool.name, params)).toBe(answered);
  });

  it("stops waiting for the look-up when the caller disconnects", async () => {
    let calls = 0;
    const findTool = () => new Promise<undefined>(() => {});
    const middleware = paramAdmission(
      { name: "a", tool: () => undefined, findTool },
      methods,
      undefined,
    );
    const first = middleware(async () => {
      calls += 1;
      return answered;
    });
    const controller = new AbortController();
    const context = { signal: controller.signal, notify: () => {}, header: () => undefined };
    const params = { name: "search", _meta };
    const asked = first({ jsonrpc: "2.0", id: 1, method: callTool.name, params }, context);
    controller.abort();
    await expect(asked).rejects.toMatchObject({ reason: "aborted" });
    expect(calls).toBe(0);
  }, 1000);

  it("ignores the annotations of an invalid and of an unlisted tool", async () => {
    expect(await call({}, { country: "FR" }, "wrong")).toBe(answered);
    expect(await call({}, { country: "FR" }, "unlisted")).toBe(answered);
  });
});

describe("basic/transports/streamable-http#server-behavior-for-custom-headers: a deciding header", () => {
  const property = (header: string) => ({ type: "string", "x-mcp-header": header });
  const tool = (name: string, properties: object) => ({
    name,
    inputSchema: { type: "object", properties } as const,
  });
  const tools = new Map<string, Tool>(
    [
      tool("search", { country: property("Country") }),
      tool("plain", { country: { type: "string" } }),
      tool("wrong", {
        country: property("Country"),
        other: { ...property("Other"), type: "object" },
      }),
    ].map((one) => [one.name, one]),
  );

  interface Asking {
    readonly name?: string;
    readonly sent?: Headers;
    readonly hasToolList?: boolean;
    readonly deciding?: readonly string[];
  }

  const call = ({
    name = "search",
    sent = {},
    hasToolList = true,
    deciding = ["country"],
  }: Asking) => {
    const upstream = {
      name: "a",
      tool: (one: string) => tools.get(one),
      findTool: async (one: string) => tools.get(one),
      hasToolList: () => hasToolList,
    };
    const serve = paramAdmission(upstream, methods, () => deciding)(answer);
    const context = {
      signal: new AbortController().signal,
      notify: () => {},
      header: (header: string) => sent[header],
    };
    recordIn(context, createRecord());
    const params = { name, arguments: { country: "JP" }, _meta };
    return (async () => serve({ jsonrpc: "2.0", id: 1, method: callTool.name, params }, context))();
  };

  const country = (value: string) => ({ "mcp-param-country": value });

  it("passes if it mirrors its argument", async () => {
    expect(await call({ sent: country("JP") })).toBe(answered);
  });

  it.each<[string, Asking, object]>([
    ["differs", { sent: country("NZ") }, { code: -32020, status: 400 }],
    ["is missing", {}, { code: -32020, status: 400 }],
    ["mirrors no argument", { name: "plain", sent: country("NZ") }, { code: -32020, status: 400 }],
    [
      "belongs to a tool with a wrong annotation",
      { name: "wrong", sent: country("JP") },
      { status: 403 },
    ],
    ["belongs to an unlisted tool", { name: "other", sent: country("JP") }, { status: 403 }],
    ["belongs to an unlisted tool and is missing", { name: "other" }, { status: 403 }],
    [
      "has no list to be compared with",
      { name: "other", hasToolList: false },
      { status: 503, retryAfterMs: 1000 },
    ],
  ])("is refused if it %s", async (_what, asking, error) => {
    await expect(call(asking)).rejects.toMatchObject(error);
  });

  it("may be missing for a tool without it", async () => {
    expect(await call({ name: "plain" })).toBe(answered);
  });

  it("is not needed where no rule on it applies", async () => {
    expect(await call({ name: "other", sent: country("NZ"), deciding: [] })).toBe(answered);
  });
});

import { describe, expect, it } from "vitest";
import { complete } from "./completion.ts";
import { discover } from "./discover.ts";
import type { JSONObject } from "./json.ts";
import type { Result } from "./json-rpc.ts";
import type { Method } from "./method.ts";
import { defineMethod } from "./method.ts";
import { coreMethods } from "./methods.ts";
import { getPrompt, listPrompts } from "./prompts.ts";
import { listResources, listResourceTemplates, readResource } from "./resources.ts";
import { listen } from "./subscriptions.ts";
import { callTool, isPortableName, listTools } from "./tools.ts";

const invalidParams = { code: -32602, status: 400 };
const lists = [listTools, listResources, listResourceTemplates, listPrompts] as const;

describe("the methods of the core protocol", () => {
  const column = (name: keyof Method) =>
    coreMethods.filter((method) => method[name]).map((method) => method.name);

  it("are those of the revision, without what earlier ones had", () => {
    expect(coreMethods.map(({ name }) => name)).toEqual([
      "server/discover",
      "tools/list",
      "tools/call",
      "resources/list",
      "resources/templates/list",
      "resources/read",
      "prompts/list",
      "prompts/get",
      "completion/complete",
      "subscriptions/listen",
    ]);
  });

  it("server/utilities/caching#cacheable-results: six carry caching hints", () => {
    expect(column("cacheable")).toEqual([
      "server/discover",
      "tools/list",
      "resources/list",
      "resources/templates/list",
      "resources/read",
      "prompts/list",
    ]);
  });

  it("basic/patterns/mrtr#supported-requests: three may be answered by input_required", () => {
    expect(column("inputRequired")).toEqual(["tools/call", "resources/read", "prompts/get"]);
  });

  it("basic/transports/streamable-http#standard-request-headers: three have an Mcp-Name", () => {
    const names = coreMethods.flatMap(({ name, nameField }) =>
      nameField ? [[name, nameField]] : [],
    );
    expect(names).toEqual([
      ["tools/call", "name"],
      ["resources/read", "uri"],
      ["prompts/get", "name"],
    ]);
  });

  it("only a call of a tool may do harm when it is sent twice", () => {
    expect(coreMethods.filter(({ safe }) => !safe)).toEqual([callTool]);
  });

  it("basic/patterns/subscriptions#overview: only a subscription stays open", () => {
    expect(column("longLived")).toEqual(["subscriptions/listen"]);
  });

  it("basic/patterns/subscriptions#opening-a-stream: only a subscription stays open", () => {
    expect(column("longLived")).toEqual(["subscriptions/listen"]);
  });

  it("are frozen, with every flag set", () => {
    const method = defineMethod({ name: "x", params: () => ({}), result: (result) => result });
    const flags = { cacheable: false, inputRequired: false, safe: false, longLived: false };
    expect(method).toMatchObject(flags);
    for (const one of [method, ...coreMethods]) expect(Object.isFrozen(one)).toBe(true);
  });
});

const call = { name: "add" };
const get = { name: "greet" };
const read = { uri: "a:b" };
const ask = { ref: { type: "ref/prompt", name: "p" }, argument: { name: "a", value: "" } };
const wrongState = [
  ["requestState", 1],
  ["requestState", null],
  ["inputResponses", []],
  ["inputResponses", null],
  ["inputResponses", "{}"],
] as const;

describe("malformed params are rejected with -32602, saying where", () => {
  it.each<[Method, JSONObject, string]>([
    ...lists.flatMap((method): [Method, JSONObject, string][] => [
      [method, { cursor: 1 }, "params.cursor: expected a string"],
      [method, { cursor: null }, "params.cursor: expected a string"],
      [method, { cursor: {} }, "params.cursor: expected a string"],
    ]),
    [callTool, {}, "params.name: expected a string"],
    [callTool, { name: 1 }, "params.name: expected a string"],
    [callTool, { name: null }, "params.name: expected a string"],
    [callTool, { ...call, arguments: [] }, "params.arguments: expected an object"],
    [callTool, { ...call, arguments: null }, "params.arguments: expected an object"],
    [callTool, { ...call, arguments: "{}" }, "params.arguments: expected an object"],
    [getPrompt, {}, "params.name: expected a string"],
    [getPrompt, { ...get, arguments: [] }, "params.arguments: expected an object"],
    [getPrompt, { ...get, arguments: { a: 1 } }, "params.arguments.a: expected a string"],
    [getPrompt, { ...get, arguments: { a: null } }, "params.arguments.a: expected a string"],
    [readResource, {}, "params.uri: expected a string"],
    [readResource, { uri: ["a:b"] }, "params.uri: expected a string"],
    ...wrongState.flatMap(([name, value]): [Method, JSONObject, string][] => [
      [callTool, { ...call, [name]: value }, `params.${name}: expected`],
      [getPrompt, { ...get, [name]: value }, `params.${name}: expected`],
      [readResource, { ...read, [name]: value }, `params.${name}: expected`],
    ]),
    [complete, { argument: ask.argument }, "params.ref: expected an object"],
    [complete, { ...ask, ref: "ref/prompt" }, "params.ref: expected an object"],
    [complete, { ...ask, ref: { type: "ref/tool" } }, "params.ref.type: expected"],
    [complete, { ...ask, ref: { type: "ref/prompt" } }, "params.ref.name: expected a string"],
    [complete, { ...ask, ref: { type: "ref/resource" } }, "params.ref.uri: expected a string"],
    [complete, { ref: ask.ref }, "params.argument: expected an object"],
    [complete, { ...ask, argument: { name: "a" } }, "params.argument.value: expected a string"],
    [complete, { ...ask, argument: { value: "" } }, "params.argument.name: expected a string"],
    [complete, { ...ask, argument: { name: "a", value: 1 } }, "params.argument.value"],
    [complete, { ...ask, context: [] }, "params.context: expected an object"],
    [complete, { ...ask, context: { arguments: [] } }, "params.context.arguments"],
    [complete, { ...ask, context: { arguments: { b: 1 } } }, "params.context.arguments.b"],
    [listen, {}, "params.notifications: expected an object"],
    [listen, { notifications: [] }, "params.notifications: expected an object"],
    [listen, { notifications: { toolsListChanged: 1 } }, "toolsListChanged: expected a boolean"],
    [listen, { notifications: { promptsListChanged: null } }, "promptsListChanged: expected"],
    [listen, { notifications: { resourcesListChanged: "y" } }, "resourcesListChanged: expected"],
    [listen, { notifications: { resourceSubscriptions: "a:b" } }, "resourceSubscriptions"],
    [listen, { notifications: { resourceSubscriptions: [1] } }, "resourceSubscriptions"],
    [listen, { notifications: { resourceSubscriptions: {} } }, "resourceSubscriptions"],
  ])("$name $1", (method, params, message) => {
    expect(() => method.params(params)).toThrow(expect.objectContaining(invalidParams));
    expect(() => method.params(params)).toThrow(message);
  });
});

describe("well-formed params are read", () => {
  it.each<[Method, JSONObject, unknown]>([
    [discover, { _meta: {} }, { _meta: {} }],
    ...lists.map((method): [Method, JSONObject, unknown] => [
      method,
      { cursor: "" },
      { cursor: "" },
    ]),
    [callTool, call, { name: "add", arguments: {} }],
    [
      callTool,
      { name: "", arguments: { a: 1 }, inputResponses: { q: 1 }, requestState: "", _meta: {} },
      { name: "", arguments: { a: 1 }, inputResponses: { q: 1 }, requestState: "" },
    ],
    [getPrompt, { ...get, arguments: { a: "" } }, { name: "greet", arguments: { a: "" } }],
    [readResource, read, { uri: "a:b" }],
    [complete, ask, ask],
    [complete, { ...ask, context: {} }, { ...ask, context: { arguments: {} } }],
    [
      complete,
      { ...ask, ref: { type: "ref/resource", uri: "a://{b}" }, context: { arguments: { c: "d" } } },
      { ...ask, ref: { type: "ref/resource", uri: "a://{b}" }, context: { arguments: { c: "d" } } },
    ],
    [listen, { notifications: {} }, { notifications: {} }],
    [
      listen,
      { notifications: { toolsListChanged: false, resourceSubscriptions: [], taskIds: ["t"] } },
      { notifications: { toolsListChanged: false, resourceSubscriptions: [], taskIds: ["t"] } },
    ],
  ])("$name $1", (method, params, expected) => {
    expect(method.params(params)).toEqual(expected);
  });

  it("a key named __proto__ stays a key", () => {
    const params = JSON.parse('{"name":"add","arguments":{"__proto__":{"polluted":true}}}');
    const { arguments: args } = callTool.params(params);
    expect(Object.keys(args)).toEqual(["__proto__"]);
    expect("polluted" in args).toBe(false);
  });
});

describe("malformed results of a peer are a TransportError", () => {
  it.each<[Method, Result]>([
    [discover, { capabilities: {} }],
    [discover, { supportedVersions: ["2026-07-28"] }],
    [discover, { supportedVersions: ["2026-07-28"], capabilities: [] }],
    [discover, { supportedVersions: "2026-07-28", capabilities: {} }],
    [listTools, {}],
    [listTools, { tools: {} }],
    [listResources, { resources: null }],
    [listResourceTemplates, { resources: [] }],
    [listPrompts, { prompts: "none" }],
    [callTool, {}],
    [callTool, { structuredContent: {} }],
    [callTool, { content: "text" }],
    [callTool, { content: ["text"] }],
    [callTool, { content: [{ text: "no type" }] }],
    [readResource, { contents: {} }],
    [getPrompt, { messages: {} }],
    [complete, {}],
    [complete, { completion: [] }],
    [complete, { completion: { values: "a" } }],
  ])("$name $1", (method, result) => {
    expect(() => method.result(result)).toThrow(
      expect.objectContaining({ name: "TransportError", reason: "malformed" }),
    );
  });
});

describe("server/tools#tool-names", () => {
  it.each([
    ["getUser", true],
    ["DATA_EXPORT_v2", true],
    ["admin.tools.list", true],
    ["a", true],
    ["a".repeat(128), true],
    ["a".repeat(129), false],
    ["", false],
    ["get user", false],
    ["a,b", false],
    ["naïve", false],
    ["a/b", false],
    ["a\n", false],
  ])("%s is portable: %s", (name, expected) => {
    expect(isPortableName(name)).toBe(expected);
  });
});

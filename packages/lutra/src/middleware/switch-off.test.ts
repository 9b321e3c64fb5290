import { describe, expect, it } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { createServer } from "../server/create-server.ts";
import { defineTool } from "../server/tools.ts";
import { type SwitchableFeature, switchOff } from "./switch-off.ts";

const messages = [{ role: "user", content: { type: "text", text: "?" } }] as const;
const tools = [
  defineTool({ name: "where", call: async (_args, context) => `${await context.roots("where")}` }),
  defineTool({
    name: "think",
    call: async (_args, context) => `${await context.sample("it", { messages, maxTokens: 1 })}`,
  }),
  defineTool({
    name: "recall",
    call: async (_args, context) => {
      const params = { messages, maxTokens: 1, includeContext: "thisServer" } as const;
      return `${await context.sample("it", params)}`;
    },
  }),
  defineTool({
    name: "log",
    call: async (_args, context) => {
      await context.log("error", "message");
      return "logged";
    },
  }),
];

function requestOf(method: string, params: JSONObject = {}): JSONRPCRequest {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {
      roots: {},
      sampling: { context: {} },
      elicitation: {},
    },
    "io.modelcontextprotocol/logLevel": "debug",
  };
  return { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } };
}

async function ask(
  features: readonly SwitchableFeature[],
  method: string,
  params?: JSONObject,
): Promise<{ readonly result: JSONObject; readonly notified: readonly string[] }> {
  const middleware = [switchOff(features)];
  const server = createServer({ name: "s", version: "1", logging: true, tools, middleware });
  const notified: string[] = [];
  const { signal } = new AbortController();
  const result = await server.serve(requestOf(method, params), {
    signal,
    notify: (notification) => {
      notified.push(notification.method);
    },
  });
  return { result, notified };
}

const call = (features: readonly SwitchableFeature[], name: string) =>
  ask(features, "tools/call", { name, arguments: {} });

describe("a server with a deprecated feature that is switched off", () => {
  it.each<[string, SwitchableFeature, JSONObject]>([
    ["where", "roots", { roots: {} }],
    ["think", "sampling", { sampling: {} }],
    ["recall", "includeContext", { sampling: { context: {} } }],
  ])("refuses the call of %s, which needs %s, with -32021", async (name, feature, required) => {
    await expect(call([feature], name)).rejects.toMatchObject({
      reason: "missingRequiredClientCapability",
      code: -32021,
      data: { requiredCapabilities: required },
    });
  });

  it.each<[string, SwitchableFeature]>([
    ["where", "sampling"],
    ["think", "roots"],
    ["think", "includeContext"],
    ["recall", "logging"],
  ])("still asks for the input of %s without %s", async (name, feature) => {
    const { result } = await call([feature], name);
    expect(result).toMatchObject({ resultType: "input_required" });
  });

  it("sends no log messages", async () => {
    expect((await call([], "log")).notified).toEqual(["notifications/message"]);
    const { result, notified } = await call(["logging"], "log");
    expect(result).toMatchObject({ content: [{ text: "logged" }] });
    expect(notified).toEqual([]);
  });

  it("does not declare logging", async () => {
    expect((await ask([], "server/discover")).result.capabilities).toHaveProperty("logging");
    const { result } = await ask(["logging"], "server/discover");
    expect(result.capabilities).toEqual({ tools: { listChanged: true } });
  });
});

it("passes on a request without the features, for a gateway", async () => {
  const received: JSONRPCRequest[] = [];
  const serve = switchOff(["roots", "sampling", "logging"])(async (request) => {
    received.push(request);
    return { resultType: "complete" };
  });
  const { signal } = new AbortController();
  await serve(requestOf("tools/list", { cursor: "x" }), { signal, notify: () => {} });
  expect(received[0]?.params).toEqual({
    cursor: "x",
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
    },
  });
});

it("refuses an unknown feature", () => {
  expect(() => switchOff(["root" as SwitchableFeature])).toThrow(
    'switchOff: expected roots, sampling, logging, includeContext, got "root"',
  );
});

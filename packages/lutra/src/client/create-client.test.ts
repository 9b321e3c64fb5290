import { describe, expect, it } from "vitest";
import {
  after,
  answerWith,
  event,
  progress,
  serveHttp,
} from "../transport/http/fixtures/scripted-endpoint.ts";
import * as onTheWeb from "./index.ts";
import * as onNode from "./node.ts";
import type { ClientOptions } from "./options.ts";

const tool = {
  name: "add",
  inputSchema: { type: "object", properties: { a: { type: "integer", "x-mcp-header": "A" } } },
};

/** Answers over HTTP: lists as JSON, calls on an event stream. */
async function calculator(): Promise<{ url: string; headers: unknown[] }> {
  const headers: unknown[] = [];
  const url = await serveHttp((request, response, body) => {
    const { id, method, params } = JSON.parse(body);
    headers.push(request.headers);
    const answer = (result: object) => JSON.stringify({ jsonrpc: "2.0", id, result });
    if (method === "tools/list")
      answerWith(answer({ resultType: "complete", tools: [tool] }))(request, response, body);
    else {
      const { a, b } = params.arguments;
      const structuredContent = { sum: a + b };
      const result = { resultType: "complete", content: [], structuredContent };
      const stream = event(progress(1)) + event(answer(result));
      answerWith(stream, 200, "text/event-stream")(request, response, body);
    }
  });
  return { url, headers };
}

describe.each([
  ["in browsers and at the edge", onTheWeb],
  ["on Node", onNode],
])("a client %s", (_where, { createClient }) => {
  it("calls a tool over HTTP, with every required header", async () => {
    const { url, headers } = await calculator();
    const client = createClient(url, { headers: { authorization: "Bearer t" } });
    after(client.close);
    const result = await client.callTool("add", { a: 1, b: 2 });
    expect(result.structuredContent).toEqual({ sum: 3 });
    expect(headers).toMatchObject([
      { "mcp-method": "tools/list", authorization: "Bearer t" },
      {
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "add",
        "mcp-param-a": "1",
        authorization: "Bearer t",
      },
    ]);
  });

  it("shows the server's address to the user without its query", async () => {
    const url = await serveHttp((request, response, body) => {
      const { id, params } = JSON.parse(body);
      const isRetry = params.inputResponses !== undefined;
      const asks = { resultType: "input_required", inputRequests: { r: { method: "roots/list" } } };
      const result = isRetry ? { messages: [] } : asks;
      answerWith(JSON.stringify({ jsonrpc: "2.0", id, result }))(request, response, body);
    });
    let server = "";
    const client = createClient(`${url}?key=secret`, {
      onRoots: (info) => {
        server = info.server;
        return [];
      },
    });
    after(client.close);
    await client.getPrompt("greet");
    expect(server).toBe(url);
  });

  it("calls a server in memory", async () => {
    const serve = async () => ({ resultType: "complete", content: [] });
    const client = createClient({ serve });
    expect(await client.callTool("add")).toEqual({ resultType: "complete", content: [] });
  });

  const noURL = "expected an absolute http or https URL, such as http://127.0.0.1:3000/mcp";
  it.each<[string, unknown, object, string]>([
    ["an address that is not a URL", "localhost", {}, noURL],
    ["an address without a scheme", "127.0.0.1:5399/mcp", {}, noURL],
    ["a name and a port", "localhost:5399/mcp", {}, noURL],
    ["a URL of another scheme", "ws://localhost/mcp", {}, noURL],
    ["no server", {}, {}, noURL],
    ["nothing", undefined, {}, noURL],
    ["a timeout of 0", "http://localhost", { timeoutMs: 0 }, "timeoutMs"],
    ["no version", "http://localhost", { versions: [] }, "versions"],
    ["an elicitation without a mode", "http://localhost", { elicitation: {} }, "elicitation"],
    ["an extension without a vendor", "http://localhost", { extensions: [{ id: "tasks" }] }, "id"],
    ["a protocol header", "http://localhost", { headers: { "Mcp-Method": "x" } }, "Mcp-Method"],
    [
      "a misspelt option",
      "http://localhost",
      { onElict: () => {} },
      'createClient: onElict: unknown option; did you mean "onElicit"?',
    ],
    [
      "an option that does not exist",
      "http://localhost",
      { capabilities: {} },
      "createClient: capabilities: unknown option, expected one of clientInfo, ",
    ],
  ])("rejects %s at once", (_what, target, options, message) => {
    expect(() => createClient(target as string, options)).toThrow(TypeError);
    expect(() => createClient(target as string, options)).toThrow(message);
  });
});

it("accepts every option of its type", () => {
  const all: Required<ClientOptions> = {
    ...{ clientInfo: { name: "a", version: "1" }, identify: true, elicitation: { form: {} } },
    ...{ onElicit: () => ({ action: "cancel" }), onRoots: () => [], sampling: {} },
    ...{ onSample: () => Promise.reject(new Error("no")), maxInputRounds: 1, maxInputRequests: 1 },
    ...{ extensions: [], methods: [], middleware: [], timeoutMs: 1, maxTimeoutMs: 1 },
    ...{ cache: onNode.noResponseCache, partition: "a", maxStaleMs: 1, trustAnnotations: true },
    ...{ validator: () => () => undefined, validateStructuredContent: true, maxPages: 1 },
    ...{ maxListBytes: 1, logLevel: "info", versions: ["2026-07-28"], onWarning: () => {} },
    ...{ now: Date.now, random: Math.random, headers: {}, maxResponseBytes: 1 },
    ...{ maxResponseValues: 1, maxConnections: 1, fetch, era: "auto", probeTimeoutMs: 1 },
    inputWaitMs: 1,
    auth: { authorize: (_server, send) => send, afterSignIn: (work) => work() },
    verdicts: { get: () => undefined, set: () => {}, delete: () => {} },
  };
  expect(() => onNode.createClient("http://localhost/mcp", all)).not.toThrow();
});

it("both entry points export the same names", () => {
  expect(Object.keys(onTheWeb).sort()).toEqual(Object.keys(onNode).sort());
  expect(Object.keys(onTheWeb).sort()).toMatchInlineSnapshot(`
    [
      "ProtocolError",
      "TransportError",
      "cacheStatusOf",
      "createClient",
      "createHttpTransport",
      "createMemoryResponseCache",
      "isInputRequired",
      "isProtocolError",
      "isTransportError",
      "noResponseCache",
    ]
  `);
});

it("rejects a command on platforms other than Node, and names the remedy", () => {
  expect(() => onTheWeb.createClient({ command: "node" })).toThrow(/URL/);
});

it("starts a server by a command on Node", async () => {
  const script = `
    require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const { id, method } = JSON.parse(line);
      if (id === undefined) return;
      const result = { resultType: "complete", content: [{ type: "text", text: method }] };
      console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
    });
  `;
  const client = onNode.createClient({ command: process.execPath, args: ["-e", script] });
  after(client.close);
  expect((await client.callTool("add")).content).toEqual([{ type: "text", text: "tools/call" }]);
});

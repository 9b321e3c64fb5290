/** The example in an error: a request that is sent as it says is answered. */
import { once } from "node:events";
import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JSONObject } from "../../protocol/json.ts";
import { createServer } from "../../server/create-server.ts";
import { definePrompt } from "../../server/prompts.ts";
import { defineTool } from "../../server/tools.ts";
import { bearerTokens } from "./bearer-tokens.ts";
import { createNodeHandler } from "./node-handler.ts";

const version = "io.modelcontextprotocol/protocolVersion";
const capabilities = "io.modelcontextprotocol/clientCapabilities";

const server = createServer({
  name: "test",
  version: "1",
  tools: [
    defineTool({
      name: "echo",
      inputSchema: { type: "object" },
      call: (args) => JSON.stringify(args),
    }),
    defineTool({
      name: "regional",
      inputSchema: {
        type: "object",
        properties: {
          region: { type: "string", "x-mcp-header": "Region" },
          at: {
            type: "object",
            properties: { floor: { type: "integer", "x-mcp-header": "Floor" } },
          },
        },
      },
      call: () => "ok",
    }),
    defineTool({
      name: "samples",
      requires: { sampling: { tools: {} }, elicitation: { form: {} } },
      call: () => "ok",
    }),
  ],
  prompts: [
    definePrompt({ name: "p", get: () => "x" }),
    definePrompt({ name: "naïve prompt 🦦", get: () => "x" }),
  ],
  onError: () => {},
});

let http: Server;
let url: string;
beforeAll(async () => {
  http = createHttpServer(createNodeHandler(server, { maxBodyBytes: 200_000 }));
  await once(http.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
});
afterAll(() => {
  http.closeAllConnections();
  http.close();
});

type Headers = { readonly [name: string]: string };

async function post(headers: Headers, body: unknown, to = url) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(to, { method: "POST", headers, body: text });
  const answer = await response.text();
  return { status: response.status, text: answer, body: JSON.parse(answer) };
}

const call = (params: JSONObject, id: unknown = 7) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params,
});
const _meta = { [version]: "2026-07-28", [capabilities]: {} };
const json = { "content-type": "application/json" };
const metadata = { ...json, "mcp-protocol-version": "2026-07-28" };
const right = { ...metadata, "mcp-method": "tools/call", "mcp-name": "echo" };
const echo = { name: "echo", arguments: { a: 1 } };

describe("a deeply nested request of less than 64 kB is refused", () => {
  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  const textOf = (params: JSONObject) => JSON.stringify(call(params)).replace('"deep"', deep);

  it.each([
    ["its arguments", right, textOf({ ...echo, arguments: { a: "deep" }, _meta }), 400],
    ["a parameter", right, textOf({ ...echo, other: "deep", _meta }), 400],
    ["_meta", right, textOf({ ...echo, _meta: { ..._meta, other: "deep" } }), 400],
    ["capabilities", right, textOf({ ...echo, _meta: { ..._meta, [capabilities]: "deep" } }), 400],
    [
      "its arguments, as text/plain",
      { ...right, "content-type": "text/plain" },
      textOf({ ...echo, arguments: { a: "deep" } }),
      415,
    ],
  ])("in %s", async (_where, headers, text, status) => {
    const answer = await post(headers, text);
    expect(answer.status).toBe(status);
    expect(answer.text.length).toBeLessThan(3000);
  });
});

describe("the example of a refused request is answered when it is sent as it is", () => {
  it.each<[string, Headers, unknown, number, number]>([
    [
      "only a body, as curl -d sends it",
      { "content-type": "application/x-www-form-urlencoded" },
      call(echo),
      415,
      -32600,
    ],
    ["no headers of the protocol", json, call(echo), 400, -32020],
    ["no _meta", right, call(echo), 400, -32602],
    ["no version in _meta", right, call({ ...echo, _meta: { [capabilities]: {} } }), 400, -32602],
    ["no capabilities", right, call({ ...echo, _meta: { [version]: "2026-07-28" } }), 400, -32602],
    [
      "a malformed log level",
      right,
      call({ ...echo, _meta: { ..._meta, "io.modelcontextprotocol/logLevel": 1 } }),
      400,
      -32602,
    ],
    [
      "another version",
      { ...right, "mcp-protocol-version": "1900-01-01" },
      call({ ...echo, _meta: { ..._meta, [version]: "1900-01-01" } }),
      400,
      -32022,
    ],
    [
      "a version header of another revision",
      { ...right, "mcp-protocol-version": "2025-11-25" },
      call(echo),
      400,
      -32022,
    ],
    ["no Mcp-Method", metadata, call({ ...echo, _meta }), 400, -32020],
    [
      "another Mcp-Method",
      { ...right, "mcp-method": "tools/list" },
      call({ ...echo, _meta }),
      400,
      -32020,
    ],
    [
      "no Mcp-Name for a name that must be encoded",
      { ...metadata, "mcp-method": "prompts/get" },
      { ...call({ name: "naïve prompt 🦦", _meta }), method: "prompts/get" },
      400,
      -32020,
    ],
    [
      "no Mcp-Param headers",
      { ...right, "mcp-name": "regional" },
      call({ name: "regional", arguments: { region: "zü", at: { floor: 3 } }, _meta }),
      400,
      -32020,
    ],
    [
      "other Mcp-Param headers",
      { ...right, "mcp-name": "regional", "mcp-param-region": "us", "mcp-param-floor": "1" },
      call({ name: "regional", arguments: { region: "eu" }, _meta }),
      400,
      -32020,
    ],
    [
      "no capabilities that the tool requires",
      { ...right, "mcp-name": "samples" },
      call({ name: "samples", _meta: { ..._meta, [capabilities]: { sampling: {} } } }),
      400,
      -32021,
    ],
    [
      "Mcp-Param headers that are right",
      { ...json, "mcp-param-region": "eu" },
      call({ name: "regional", arguments: { region: "eu" } }),
      400,
      -32020,
    ],
    ["no JSON", metadata, "hello", 400, -32700],
    ["an empty body", json, "", 400, -32700],
    [
      "another version of JSON-RPC",
      right,
      { ...call({ ...echo, _meta }), jsonrpc: "1.0" },
      400,
      -32600,
    ],
    ["an id that is null", right, call({ ...echo, _meta }, null), 400, -32600],
    [
      "only a method in the header",
      { ...metadata, "mcp-method": "prompts/get", "mcp-name": "p" },
      "{",
      400,
      -32700,
    ],
    [
      "initialize of an earlier revision",
      json,
      {
        jsonrpc: "2.0",
        id: 0,
        method: "initialize",
        params: { protocolVersion: "2025-11-25", capabilities: {} },
      },
      400,
      -32020,
    ],
  ])("%s", async (_what, headers, body, status, code) => {
    const refused = await post(headers, body);
    expect([refused.status, refused.body.error.code]).toEqual([status, code]);
    expect(refused.body.error.message).toContain("data.example");
    const { problems, example } = refused.body.error.data;
    expect(problems.length).toBeGreaterThan(0);
    const answered = await post(example.headers, example.body);
    expect(answered.body).toMatchObject({ result: { resultType: "complete" } });
    expect(answered.status).toBe(200);
  });

  it("lists all problems at once", async () => {
    const { body } = await post(
      { "content-type": "text/plain", accept: "application/json", "mcp-method": "tools/list" },
      call({ ...echo, _meta: { [version]: "2025-11-25", progressToken: {} } }),
    );
    expect(body.id).toBe(7);
    expect(body.error.data.problems).toEqual([
      "Content-Type: expected application/json",
      "MCP-Protocol-Version: missing; this server supports 2026-07-28",
      "Unsupported protocol version: the client asked for 2025-11-25; this server supports 2026-07-28",
      `params._meta["${capabilities}"]: expected an object`,
      'params._meta["progressToken"]: expected a string of at most 1024 characters or an integer',
      "Mcp-Method: does not match the value in the body",
      "Mcp-Name: missing, expected the value in the body",
      "Accept: expected application/json, text/event-stream",
    ]);
    expect(body.error.message).toBe(
      "Content-Type: expected application/json (8 problems in data.problems; see data.example for the corrected request)",
    );
  });

  it("keeps the members of data that the specification defines", async () => {
    const unsupported = { ...right, "mcp-protocol-version": "2025-11-25" };
    expect((await post(unsupported, call(echo))).body.error.data).toMatchObject({
      supported: ["2026-07-28"],
      requested: "2025-11-25",
    });
    const lacking = call({ name: "samples", _meta });
    const { data } = (await post({ ...right, "mcp-name": "samples" }, lacking)).body.error;
    expect(data.requiredCapabilities).toEqual({
      sampling: { tools: {} },
      elicitation: { form: {} },
    });
  });
});

describe("the example", () => {
  it("repeats neither credentials nor large parameters", async () => {
    const headers = {
      ...json,
      authorization: "Bearer secret-1",
      cookie: "a=secret-2",
      "x-key": "secret-3",
    };
    const large = { secret: "x".repeat(3000) };
    const params = { name: "echo", arguments: large, requestState: "y".repeat(100_000) };
    const { text, body } = await post(headers, call(params));
    expect(text).not.toContain("secret-");
    expect(text.length).toBeLessThan(3000);
    expect(body.error.data.example.body.params).toMatchObject({
      name: "echo",
      arguments: "<left out: more than 2048 characters>",
      requestState: "<left out: more than 2048 characters>",
    });
  });

  it.each<[string, unknown]>([
    [
      "many parameters",
      call(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`p${i}`, i]))),
    ],
    ["a long name", call({ name: "n".repeat(50_000) })],
    ["a long method", { ...call(echo), method: "m".repeat(50_000) }],
    ["a long key", call({ ["k".repeat(50_000)]: 1 })],
    [
      "large capabilities",
      call({ ...echo, _meta: { ..._meta, [capabilities]: { a: { b: "x".repeat(50_000) } } } }),
    ],
    [
      "an opening with a long version",
      { ...call({ protocolVersion: "v".repeat(50_000) }), method: "initialize" },
    ],
  ])("is bounded: %s", async (_what, body) => {
    const { text } = await post(json, body);
    expect(text.length).toBeLessThan(8000);
  });

  it.each<[string, Headers, unknown, number]>([
    ["an unknown tool", { ...right, "mcp-name": "x" }, call({ name: "x", _meta }), 400],
    [
      "an unknown method",
      { ...metadata, "mcp-method": "a/b" },
      { ...call({ _meta }), method: "a/b" },
      404,
    ],
    ["a body above the limit", right, "x".repeat(200_001), 413],
  ])(
    "is absent where the form of the request is not the reason: %s",
    async (_what, headers, body, status) => {
      const { status: actual, body: answer } = await post(headers, body);
      expect(actual).toBe(status);
      expect(answer.error.data?.example).toBeUndefined();
      expect(answer.error.message).not.toContain("data.example");
    },
  );

  it("is absent for callers without valid credentials", async () => {
    const authenticate = bearerTokens([{ token: "a-token-of-enough-length", id: "ana" }]);
    const guarded = createHttpServer(createNodeHandler(server, { authenticate }));
    await once(guarded.listen(0, "127.0.0.1"), "listening");
    const to = `http://127.0.0.1:${(guarded.address() as AddressInfo).port}`;
    const { status, body } = await post(json, call(echo), to);
    expect([status, body.error.data]).toEqual([401, undefined]);
    guarded.closeAllConnections();
    guarded.close();
  });
});

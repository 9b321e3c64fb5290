import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { forbidden, unauthorized } from "../../protocol/authorization.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { JSONObject } from "../../protocol/json.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { createServer } from "../../server/create-server.ts";
import { definePrompt } from "../../server/prompts.ts";
import { defineResource } from "../../server/resources.ts";
import { toolResult } from "../../server/results.ts";
import { defineTool } from "../../server/tools.ts";
import { createFetchHandler } from "./fetch-handler.ts";
import type { HttpAnswer, HttpQuestion, Runner } from "./fixtures/run-handler.ts";
import { requestOfAdapter, runners } from "./fixtures/run-handler.ts";
import { createNodeHandler } from "./node-handler.ts";
import type { HttpHandlerOptions } from "./rules.ts";

const capabilities = "io.modelcontextprotocol/clientCapabilities";
const version = "io.modelcontextprotocol/protocolVersion";
const errors: unknown[] = [];
const onError = (error: unknown) => void errors.push(error);

const server = createServer({
  name: "test",
  version: "1",
  onError,
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
          count: { type: "integer", "x-mcp-header": "Count" },
        },
      },
      call: ({ region, count }) => `${region} ${count}`,
    }),
    defineTool({
      name: "fails",
      call: () => {
        throw new Error("password=123");
      },
    }),
    defineTool({ name: "huge", call: () => toolResult({ content: [], structuredContent: 1n }) }),
    defineTool({
      name: "circular",
      call: () => {
        const data: Record<string, unknown> = {};
        data.self = data;
        throw new ProtocolError("invalidParams", "no", { data });
      },
    }),
    defineTool({
      name: "busy",
      call: () => {
        throw new ProtocolError("internalError", "busy", { status: 503, retryAfterMs: 1500 });
      },
    }),
    defineTool({
      name: "locked",
      call: () => {
        const options = { status: 403, challenge: 'Bearer scope="a"' };
        throw new ProtocolError("invalidRequest", "no", options);
      },
    }),
    defineTool({ name: "samples", requires: { sampling: {} }, call: () => "" }),
    defineTool({ name: "who", call: (_args, { principal }) => principal?.id ?? "nobody" }),
  ],
  resources: [defineResource({ uri: "file:///a%20b", name: "a", read: () => "x" })],
  prompts: [
    definePrompt({ name: "p", get: () => "x" }),
    definePrompt({ name: "naïve prompt 🦦", get: () => "ok" }),
    definePrompt({ name: "fails", get: () => Promise.reject(new Error("password=123")) }),
  ],
});

function messageOf(method: string, params: JSONObject = {}, id: unknown = 1) {
  const _meta = { [version]: "2026-07-28", [capabilities]: {} };
  return { jsonrpc: "2.0", id, method, params: { ...params, _meta } };
}

type Headers = { readonly [name: string]: string | undefined };

/** Sends a valid request with some headers changed or omitted. */
function post(message: unknown, headers: Headers = {}): HttpQuestion {
  const { method, params = {} } = message as { method?: string; params?: JSONObject };
  const name = params.name ?? params.uri;
  const all = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    ...(method !== undefined && { "mcp-method": method }),
    ...(typeof name === "string" && { "mcp-name": name }),
    ...headers,
  };
  const sent = Object.entries(all).filter((one): one is [string, string] => one[1] !== undefined);
  return { headers: Object.fromEntries(sent), body: JSON.stringify(message) };
}

const echo = messageOf("tools/call", { name: "echo", arguments: { a: 1 } });
const bodyOf = async (answer: HttpAnswer) => JSON.parse(await answer.text());

describe.each(runners)("%s", (name, run) => {
  const isNode = name === "createNodeHandler";
  let runner: Runner;
  beforeAll(async () => {
    runner = await run(server, { onError, maxBodyBytes: 100_000, maxBodyValues: 30_000 });
  });
  afterAll(() => runner.close());

  async function expectError(question: HttpQuestion, status: number, error: object, id?: unknown) {
    const answer = await runner.ask(question);
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/json");
    const body = await bodyOf(answer);
    expect(body).toMatchObject({ jsonrpc: "2.0", error });
    expect("id" in body ? body.id : undefined).toEqual(id);
    expect(Object.keys(body.error)).toContain("message");
  }

  describe("basic/transports/streamable-http#sending-messages", () => {
    it("a request is answered with a single JSON object", async () => {
      const answer = await runner.ask(post(echo));
      expect(answer.status).toBe(200);
      expect(answer.headers["content-type"]).toBe("application/json");
      expect(await bodyOf(answer)).toMatchObject({
        jsonrpc: "2.0",
        id: 1,
        result: { resultType: "complete", content: [{ text: '{"a":1}' }] },
      });
    });

    it.each([[0], [-1], [""], ["a-b"], ["日本"], [Number.MAX_SAFE_INTEGER], ["x".repeat(1024)]])(
      "result responses MUST include the same ID: %s",
      async (id) => {
        const answer = await runner.ask(post(messageOf("tools/list", {}, id)));
        expect((await bodyOf(answer)).id).toBe(id);
      },
    );

    it.each<[string, HttpQuestion]>([
      ["GET", { method: "GET" }],
      ["DELETE", { method: "DELETE" }],
      ["PUT", { ...post(echo), method: "PUT" }],
      ["PATCH", { ...post(echo), method: "PATCH" }],
      ["HEAD", { method: "HEAD" }],
      ["OPTIONS of no web page", { method: "OPTIONS" }],
      ["GET of an event stream", { method: "GET", headers: { accept: "text/event-stream" } }],
      ["DELETE of a session", { method: "DELETE", headers: { "mcp-session-id": "1" } }],
    ])(
      "the client MUST use POST, other methods get 405 with Allow: %s",
      async (_what, question) => {
        const answer = await runner.ask(question);
        expect([answer.status, answer.headers.allow]).toEqual([405, "POST"]);
        // The Node handler tells people what to send.
        const isText = isNode && question.method !== "HEAD";
        expect(await answer.text()).toMatch(isText ? /^curl 'http/m : /^$/);
      },
    );

    it.each([
      ["none", undefined],
      ["text", "text/plain"],
      ["a form, which a web page may send without asking", "application/x-www-form-urlencoded"],
      ["a multipart form", "multipart/form-data; boundary=x"],
      ["another kind of JSON", "application/json-patch+json"],
      ["a longer name", "application/jsonx"],
      ["several", "text/plain, application/json"],
      ["nothing", ""],
    ])("other content types get 415: %s", async (_what, type) => {
      // The fetch handler does not read the body for the id.
      const id = isNode ? 1 : undefined;
      await expectError(post(echo, { "content-type": type }), 415, { code: -32600 }, id);
    });

    it.each([["application/json; charset=utf-8"], ["APPLICATION/JSON"], ["application/json ;x=y"]])(
      "%s is JSON",
      async (type) => {
        expect((await runner.ask(post(echo, { "content-type": type }))).status).toBe(200);
      },
    );

    it.each([[undefined], ["*/*"], ["application/json"], ["text/html"]])(
      "Accept: %s does not change the response",
      async (accept) => {
        expect((await runner.ask(post(echo, { accept }))).status).toBe(200);
      },
    );
  });

  describe("basic/index#messages over HTTP", () => {
    const raw = (body: string | Uint8Array): HttpQuestion => ({ ...post(echo), body });
    it.each<[string, HttpQuestion]>([
      ["nothing", raw("")],
      ["a word", raw("hello")],
      ["cut off", raw('{"jsonrpc":"2.0","id":1,')],
      ["two messages", raw(`${JSON.stringify(echo)}${JSON.stringify(echo)}`)],
      ["a comment", raw(`/**/${JSON.stringify(echo)}`)],
      ["a byte order mark", raw(`\ufeff${JSON.stringify(echo)}`)],
      ["bytes that are not UTF-8", raw(new Uint8Array([0x22, 0xff, 0x22]))],
      ["an overlong form", raw(new Uint8Array([0x22, 0xc0, 0xaf, 0x22]))],
      ["UTF-16", raw(new Uint8Array(Buffer.from(JSON.stringify(echo), "utf16le")))],
      ["a lone surrogate in UTF-8", raw(new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]))],
    ])("malformed JSON gets -32700 and 400: %s", async (_what, question) => {
      await expectError(question, 400, { code: -32700 });
    });

    it.each([
      ["deep arguments", { x: JSON.parse("[".repeat(200) + "]".repeat(200)) }, 9],
      ["arguments of too many values", { x: Array(40_000).fill(0) }, undefined],
    ])("parameters beyond their bounds get -32602 and 400: %s", async (_what, args, id) => {
      const question = post(messageOf("tools/call", { name: "echo", arguments: args }, 9));
      await expectError(question, 400, { code: -32602 }, id);
    });

    it.each<[string, unknown, unknown]>([
      ["a batch", [echo], undefined],
      ["an empty batch", [], undefined],
      ["null", null, undefined],
      ["a number", 1, undefined],
      ["an ID that is null", { ...echo, id: null }, undefined],
      ["a fractional ID", { ...echo, id: 1.5 }, undefined],
      ["an ID beyond the safe range", { ...echo, id: 2 ** 60 }, undefined],
      ["an ID that is an object", { ...echo, id: {} }, undefined],
      ["a result response", { jsonrpc: "2.0", id: 5, result: {} }, 5],
      ["an error response", { jsonrpc: "2.0", id: 5, error: { code: 1, message: "" } }, 5],
      ["another version of JSON-RPC", { ...echo, jsonrpc: "1.0" }, 1],
      ["no method", { jsonrpc: "2.0", id: "a" }, "a"],
      ["params in a list", { ...echo, params: [] }, 1],
    ])(
      "an invalid message gets -32600 and 400, with its ID if there is one: %s",
      async (_w, message, id) => {
        await expectError(
          { ...post(echo), body: JSON.stringify(message) },
          400,
          { code: -32600 },
          id,
        );
      },
    );

    it("text in any script is preserved", async () => {
      const args = { text: 'naïve 日本語 🦦 \u2028 \\ " \u0000 \ud800', __proto__x: 1 };
      const { result } = await bodyOf(
        await runner.ask(post(messageOf("tools/call", { name: "echo", arguments: args }))),
      );
      expect(JSON.parse(result.content[0].text)).toEqual(args);
    });

    it("a body is decoded across chunks that split characters", async () => {
      const bytes = new TextEncoder().encode(
        JSON.stringify(messageOf("tools/call", { name: "echo", arguments: { t: "🦦é" } })),
      );
      async function* chunks() {
        for (const byte of bytes) yield new Uint8Array([byte]);
      }
      const answer = await runner.ask({ ...post(echo), body: chunks() });
      expect((await bodyOf(answer)).result.content[0].text).toBe('{"t":"🦦é"}');
    });

    it.each([
      ["arrays", "[".repeat(40_000) + "]".repeat(40_000)],
      ["objects", `${'{"a":'.repeat(16_000)}1${"}".repeat(16_000)}`],
    ])("deeply nested %s are refused before they are decoded", async (_what, deep) => {
      const body = JSON.stringify(messageOf("tools/call", { name: "who", arguments: { deep: 0 } }));
      const question = post(messageOf("tools/call", { name: "who" }));
      for (const sent of [body.replace('"deep":0', `"deep":${deep}`), deep]) {
        await expectError({ ...question, body: sent }, 400, { code: -32602 });
      }
    });

    it("keys named __proto__ do not reach any prototype", async () => {
      const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
      const message = messageOf("tools/call", { name: "echo", arguments: {} });
      const body = JSON.stringify(message)
        .replace('"arguments":{}', `"arguments":${text}`)
        .replace('"_meta":{', '"__proto__":{"polluted":1},"_meta":{"__proto__":{"polluted":1},')
        .replace('{"jsonrpc"', '{"__proto__":{"polluted":1},"jsonrpc"');
      const { result } = await bodyOf(await runner.ask({ ...post(message), body }));
      expect(result.content[0].text).toBe(text);
      expect(({} as { polluted?: number }).polluted).toBeUndefined();
    });
  });

  describe("notifications over HTTP", () => {
    it.each([
      ["cancelled, which HTTP does not need", "notifications/cancelled"],
      ["initialized, of an earlier revision", "notifications/initialized"],
      ["an unknown one", "notifications/whatever"],
      ["one with the name of a request", "tools/call"],
    ])("a notification gets 202 without a body: %s", async (_what, method) => {
      const message = { jsonrpc: "2.0", method, params: { requestId: 1 } };
      for (const headers of [{}, { "mcp-method": undefined, "mcp-protocol-version": undefined }]) {
        const answer = await runner.ask(post(message, headers));
        expect(answer.status).toBe(202);
        expect(answer.headers["content-type"]).toBeUndefined();
        expect(await answer.text()).toBe("");
      }
    });

    it("a malformed notification gets 400", async () => {
      await expectError(post({ jsonrpc: "2.0", method: "x", params: [] }), 400, { code: -32600 });
    });
  });

  describe("the body limit: 413", () => {
    const large = messageOf("tools/call", { name: "echo", arguments: { a: "x".repeat(100_000) } });

    it("a body whose Content-Length is too large is refused", async () => {
      const body = JSON.stringify(large);
      const length = { "content-length": String(body.length) };
      await expectError({ ...post(large, length), body }, 413, { code: -32600 });
    });

    it("a body that proves too large is refused", async () => {
      const chunk = new Uint8Array(10_000).fill(0x20);
      async function* chunks() {
        for (let sent = 0; sent < 11; sent += 1) yield chunk;
      }
      await expectError({ ...post(echo), body: chunks() }, 413, { code: -32600 });
    });

    it("an endless body is refused without reading the rest", async () => {
      let isOver = false;
      async function* chunks() {
        const chunk = new Uint8Array(10_000).fill(0x20);
        for (let sent = 0; sent < 11; sent += 1) yield chunk;
        while (!isOver) {
          yield new Uint8Array([0x20]);
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      await expectError({ ...post(echo), body: chunks() }, 413, { code: -32600 });
      isOver = true;
    });

    it("a body of exactly the limit is read", async () => {
      const text = JSON.stringify(echo);
      const body = text + " ".repeat(100_000 - text.length);
      expect((await runner.ask({ ...post(echo), body })).status).toBe(200);
      await expectError({ ...post(echo), body: `${body} ` }, 413, { code: -32600 });
    });
  });

  describe("basic/transports/streamable-http#server-validation", () => {
    const mismatch = { code: -32020 };
    it.each<[string, Headers]>([
      ["MCP-Protocol-Version is missing", { "mcp-protocol-version": undefined }],
      ["MCP-Protocol-Version is empty", { "mcp-protocol-version": "" }],
      ["MCP-Protocol-Version is another", { "mcp-protocol-version": "2025-11-25" }],
      [
        "MCP-Protocol-Version is encoded",
        { "mcp-protocol-version": "=?base64?MjAyNi0wNy0yOA==?=" },
      ],
      ["Mcp-Method is missing", { "mcp-method": undefined }],
      ["Mcp-Method is another", { "mcp-method": "tools/list" }],
      ["Mcp-Method is in another case", { "mcp-method": "Tools/Call" }],
      ["Mcp-Method is encoded", { "mcp-method": "=?base64?dG9vbHMvY2FsbA==?=" }],
      ["Mcp-Name is missing", { "mcp-name": undefined }],
      ["Mcp-Name is another", { "mcp-name": "who" }],
      ["Mcp-Name is in another case", { "mcp-name": "Echo" }],
      ["Mcp-Name is encoded wrongly", { "mcp-name": "=?base64?ZWNobw=?=" }],
      ["Mcp-Name has invalid characters", { "mcp-name": "ech\u00f6" }],
      ["Mcp-Name has an invalid blank", { "mcp-name": "echo\u00a0" }],
    ])("a mismatch gets -32020 and 400, with the ID: %s", async (_what, headers) => {
      await expectError(post(echo, headers), 400, mismatch, 1);
    });

    it.each<[string, string, string, Headers]>([
      ["as it is", "tools/call", "echo", {}],
      ["needlessly encoded", "tools/call", "echo", { "mcp-name": "=?base64?ZWNobw==?=" }],
      [
        "encoded where it must be",
        "prompts/get",
        "naïve prompt 🦦",
        { "mcp-name": `=?base64?${Buffer.from("naïve prompt 🦦").toString("base64")}?=` },
      ],
    ])(
      "servers MUST decode Mcp-Name before comparing: %s",
      async (_what, method, name, headers) => {
        const answer = await runner.ask(post(messageOf(method, { name }), headers));
        expect(answer.status).toBe(200);
      },
    );

    it.each<[string, JSONObject, Headers, number]>([
      ["resources/read", { uri: "file:///a%20b" }, {}, 200],
      ["resources/read", { uri: "file:///a%20b" }, { "mcp-name": "file:///a b" }, 400],
      ["resources/read", { uri: "file:///a%20b" }, { "mcp-name": undefined }, 400],
      ["prompts/get", { name: "p" }, {}, 200],
      ["prompts/get", { name: "p" }, { "mcp-name": "q" }, 400],
      ["prompts/get", { name: "p" }, { "mcp-name": undefined }, 400],
      ["server/discover", {}, { "mcp-method": undefined }, 400],
      ["server/discover", {}, {}, 200],
    ])("Mcp-Name of %s %j with %j: %i", async (method, params, headers, status) => {
      const question = post(messageOf(method, params), headers);
      if (status === 400) return expectError(question, 400, mismatch, 1);
      expect((await runner.ask(question)).status).toBe(200);
    });

    const regional = (args: JSONObject) =>
      messageOf("tools/call", { name: "regional", arguments: args });
    it.each<[string, JSONObject, Headers, boolean]>([
      ["equal", { region: "eu" }, { "mcp-param-region": "eu" }, true],
      ["any case of the name", { region: "eu" }, { "MCP-PARAM-REGION": "eu" }, true],
      ["encoded", { region: "zü" }, { "mcp-param-region": "=?base64?esO8?=" }, true],
      ["an integer as a decimal", { count: 42 }, { "mcp-param-count": "42.0" }, true],
      ["null expects none", { region: null }, {}, true],
      ["absent expects none", {}, {}, true],
      ["unknown ones are ignored", {}, { "mcp-param-unknown": "x" }, true],
      ["another value", { region: "eu" }, { "mcp-param-region": "us" }, false],
      ["omitted though there is a value", { region: "eu" }, {}, false],
      ["sent though there is none", {}, { "mcp-param-region": "eu" }, false],
      ["invalid characters", { region: "zü" }, { "mcp-param-region": "z\u00fc" }, false],
      ["another integer", { count: 42 }, { "mcp-param-count": "43" }, false],
      ["bad Base64", { region: "a" }, { "mcp-param-region": "=?base64?%%?=" }, false],
    ])("Mcp-Param-*: %s", async (_what, args, headers, isAccepted) => {
      const question = post(regional(args), headers);
      if (!isAccepted) return expectError(question, 400, mismatch, 1);
      expect((await runner.ask(question)).status).toBe(200);
    });

    it("blanks around a value are ignored", async () => {
      const headers = { "mcp-name": "  echo\t", "mcp-method": " tools/call " };
      expect((await runner.ask(post(echo, headers))).status).toBe(200);
    });
  });

  describe("basic/transports/streamable-http#protocol-version-header", () => {
    it("an unsupported version gets -32022 and 400 with the supported ones", async () => {
      const message = messageOf("tools/list");
      message.params._meta = { ...message.params._meta, [version]: "1900-01-01" };
      const question = post(message, { "mcp-protocol-version": "1900-01-01" });
      const data = { supported: ["2026-07-28"], requested: "1900-01-01" };
      await expectError(question, 400, { code: -32022, data }, 1);
    });

    it("an unknown method gets -32601 and 404", async () => {
      await expectError(post(messageOf("tools/dance", {}, "x")), 404, { code: -32601 }, "x");
    });

    it.each<[string, number, Headers]>([
      ["without headers", -32020, { "mcp-protocol-version": undefined, "mcp-method": undefined }],
      [
        "with its own version",
        -32022,
        { "mcp-protocol-version": "2025-11-25", "mcp-method": undefined },
      ],
    ])("initialize of a legacy client gets the supported versions: %s", async (...row) => {
      const [_what, code, headers] = row;
      const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: {} };
      const message = { jsonrpc: "2.0", id: 0, method: "initialize", params };
      const answer = await runner.ask(post(message, headers));
      expect(answer.status).toBe(400);
      const { error, id } = await bodyOf(answer);
      expect(id).toBe(0);
      expect(error.code).toBe(code);
      expect(error.message).toMatch(
        /^Unsupported protocol version: the client asked for 2025-11-25/,
      );
      expect(error.message).toContain("2026-07-28");
      expect(error.data.supported).toEqual(["2026-07-28"]);
    });
  });

  describe("basic/index#meta over HTTP", () => {
    it("a request without the required fields gets -32602 and 400", async () => {
      const { _meta, ...params } = echo.params as JSONObject;
      await expectError(post({ ...echo, params }), 400, { code: -32602 }, 1);
    });

    it("a missing capability gets -32021 and 400 and is named", async () => {
      const question = post(messageOf("tools/call", { name: "samples" }));
      const data = { requiredCapabilities: { sampling: {} } };
      await expectError(question, 400, { code: -32021, data }, 1);
    });
  });

  describe("failures", () => {
    it("an error of a tool is a masked result with isError", async () => {
      const answer = await runner.ask(post(messageOf("tools/call", { name: "fails" })));
      const { id, result } = await bodyOf(answer);
      const content = [{ type: "text", text: "Internal error" }];
      expect([answer.status, id]).toEqual([200, 1]);
      expect(result).toMatchObject({ isError: true, content });
      expect(errors.splice(0)).toHaveLength(1);
    });

    it("an error of another handler is masked", async () => {
      const error = { code: -32603, message: "Internal error" };
      await expectError(post(messageOf("prompts/get", { name: "fails" })), 200, error, 1);
      expect(errors.splice(0)).toHaveLength(1);
    });

    it("a rejected argument has status 200", async () => {
      const answer = await runner.ask(
        post(messageOf("tools/call", { name: "who", arguments: { a: 1 } })),
      );
      expect(answer.status).toBe(200);
      expect((await bodyOf(answer)).result.isError).toBe(true);
    });

    it("a result that JSON cannot carry is masked and reported", async () => {
      const error = { code: -32603, message: "Internal error" };
      await expectError(post(messageOf("tools/call", { name: "huge" })), 200, error, 1);
      expect(errors.splice(0)).toEqual([expect.any(TypeError)]);
    });

    it("an error with retryAfterMs has Retry-After in whole seconds", async () => {
      const answer = await runner.ask(post(messageOf("tools/call", { name: "busy" })));
      expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "2"]);
      expect(await bodyOf(answer)).toMatchObject({ id: 1, error: { code: -32603 } });
    });

    it("an error with a challenge has WWW-Authenticate", async () => {
      const answer = await runner.ask(post(messageOf("tools/call", { name: "locked" })));
      const { "www-authenticate": challenge } = answer.headers;
      expect([answer.status, challenge]).toEqual([403, 'Bearer scope="a"']);
    });

    it("an error whose data JSON cannot carry is answered without it", async () => {
      const answer = await runner.ask(post(messageOf("tools/call", { name: "circular" })));
      expect(await bodyOf(answer)).toEqual({
        jsonrpc: "2.0",
        id: 1,
        error: { code: -32603, message: "Internal error" },
      });
    });
  });

  describe("basic/transports/streamable-http#earlier-streamable-http-revisions", () => {
    it("Mcp-Session-Id and Last-Event-ID are ignored, and no session is minted", async () => {
      const headers = { "mcp-session-id": "abc", "last-event-id": "7" };
      const answer = await runner.ask(post(echo, headers));
      expect(answer.status).toBe(200);
      expect(answer.headers["mcp-session-id"]).toBeUndefined();
      expect(await answer.text()).not.toContain("abc");
    });
  });
});

describe.each(runners)("basic/transports/streamable-http#security-endpoint: %s", (name, run) => {
  const open: Runner[] = [];
  const start: typeof run = async (...args) => {
    const runner = await run(...args);
    open.push(runner);
    return runner;
  };
  afterAll(() => Promise.all(open.map(({ close }) => close())));

  it.each([
    ["of another site", "https://evil.example.com"],
    ["null, of a sandboxed frame", "null"],
    ["that begins like an allowed one", "http://localhost.evil.com"],
    ["that ends like an allowed one", "http://evil.com/localhost"],
    ["with a user", "http://localhost@evil.com"],
    ["of another scheme", "ftp://localhost"],
    ["empty", ""],
    ["nonsense", "localhost"],
  ])("an Origin that is present and invalid gets 403: %s", async (_what, origin) => {
    const runner = await start(server);
    for (const question of [post(echo, { origin }), { method: "GET", headers: { origin } }]) {
      const answer = await runner.ask(question);
      expect(answer.status).toBe(403);
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
      const body = await bodyOf(answer);
      expect(body).toMatchObject({ jsonrpc: "2.0", error: { code: -32600 } });
      expect(body).not.toHaveProperty("id");
    }
  });

  it("Origin is checked before every other rule", async () => {
    const runner = await start(server, { maxBodyBytes: 1 });
    const headers = { origin: "https://evil.example.com", "content-type": "text/plain" };
    for (const method of ["POST", "GET", "OPTIONS", "DELETE"]) {
      const body = method === "POST" ? { body: "too large" } : {};
      expect((await runner.ask({ method, headers, ...body })).status).toBe(403);
    }
  });

  it.each(["http://localhost:5173", "http://127.0.0.1:80", "https://localhost", "http://[::1]:9"])(
    "a page on this machine may call a server on this machine: %s",
    async (origin) => {
      const answer = await (await start(server)).ask(post(echo, { origin }));
      expect(answer.status).toBe(200);
      expect(answer.headers["access-control-allow-origin"]).toBe(origin);
      expect(answer.headers.vary).toBe("origin");
    },
  );

  it("a page on this machine may not call a server on another one", async () => {
    const runner = await start(server, { allowedHosts: ["mcp.example.com"] });
    const headers = { host: "mcp.example.com", origin: "http://localhost:5173" };
    expect((await runner.ask(post(echo, headers))).status).toBe(403);
  });

  it("an allowed origin gets CORS headers on every response, also on refusals", async () => {
    const origin = "https://app.example.com";
    const runner = await start(server, { allowedOrigins: [origin] });
    const questions = [
      post(echo, { origin }),
      post(echo, { origin, "content-type": "text/plain" }),
      post(messageOf("tools/dance"), { origin }),
      post({ jsonrpc: "2.0", method: "notifications/x" }, { origin }),
      { ...post(echo, { origin }), body: "{" },
      { method: "GET", headers: { origin } },
    ];
    for (const question of questions) {
      const { headers } = await runner.ask(question);
      expect(headers["access-control-allow-origin"]).toBe(origin);
      // Without it a page could not read the challenge or Retry-After.
      expect(headers["access-control-expose-headers"]).toBe(
        "www-authenticate, retry-after, dpop-nonce",
      );
    }
    const { headers } = await runner.ask(post(echo));
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("a preflight is answered for allowed origins only", async () => {
    const origin = "https://app.example.com";
    const runner = await start(server, { allowedOrigins: [origin] });
    const asked = {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,mcp-method,mcp-param-region",
    };
    const answer = await runner.ask({ method: "OPTIONS", headers: asked });
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "content-type,mcp-method,mcp-param-region",
    });
    expect(answer.headers["content-length"]).toBeUndefined();
    expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
    const refused = { ...asked, origin: "https://other.example.com" };
    expect((await runner.ask({ method: "OPTIONS", headers: refused })).status).toBe(403);
  });

  it.each([
    ["listed", "mcp.example.com", 200],
    ["listed, with a port", "mcp.example.com:8443", 200],
    ["this machine", "localhost:3000", 200],
    ["another", "evil.example.com", 403],
    ["a longer one", "mcp.example.com.evil.com", 403],
    ["in capitals, as names have no case", "MCP.example.com", 200],
  ])("Host is checked against allowedHosts: %s", async (_what, host, status) => {
    const runner = await start(server, { allowedHosts: ["mcp.example.com"] });
    expect((await runner.ask(post(echo, { host }))).status).toBe(status);
  });

  if (name === "createNodeHandler") {
    it.each([
      ["localhost", 200],
      ["127.0.0.1:3000", 200],
      ["[::1]:3000", 200],
      ["LOCALHOST", 200],
      ["evil.example.com", 403],
      ["localhost.evil.com", 403],
      ["127.0.0.1.evil.com", 403],
      ["192.168.0.1", 403],
    ])(
      "on loopback, only loopback names are accepted, against DNS rebinding: %s %i",
      async (host, status) => {
        const runner = await start(server);
        expect((await runner.ask(post(echo, { host }))).status).toBe(status);
      },
    );
  }

  describe("authenticate", () => {
    const who = messageOf("tools/call", { name: "who" }, 9);
    const asked = async (options: HttpHandlerOptions, authorization?: string) => {
      errors.length = 0;
      const runner = await start(server, { onError, ...options });
      const answer = await runner.ask(post(who, { authorization }));
      const { status, headers } = answer;
      const { result, error } = await bodyOf(answer);
      return { status, challenge: headers["www-authenticate"], error, result };
    };
    const textOf = ({ result }: Awaited<ReturnType<typeof asked>>) => result.content[0].text;

    it("passes its principal to the handler", async () => {
      const authenticate: HttpHandlerOptions["authenticate"] = (header) => ({
        id: header("authorization") ?? "",
      });
      expect(textOf(await asked({ authenticate }, "Bearer a"))).toBe("Bearer a");
    });

    it("is asked about notifications, too", async () => {
      const notification = post({ jsonrpc: "2.0", method: "notifications/x" });
      const known = await start(server, { authenticate: () => ({ id: "ana" }) });
      expect((await known.ask(notification)).status).toBe(202);
      const unknown = await start(server, { authenticate: () => undefined });
      expect((await unknown.ask(notification)).status).toBe(401);
    });

    it.each([
      ["undefined", undefined],
      ["null", null],
      ["false", false],
      ["true", true],
      ["a string", "ana"],
      ["an object without an id", { sub: "ana" }],
      ["an empty id", { id: "" }],
      ["an id that is not a string", { id: 7 }],
      ["scopes that are not a list", { id: "ana", scopes: "read" }],
      ["scopes that are not strings", { id: "ana", scopes: [1] }],
      ["claims that are not an object", { id: "ana", claims: "none" }],
    ])("refuses the caller with 401 and a challenge for %s", async (_what, result) => {
      for (const authenticate of [() => result, async () => result]) {
        const answer = await asked({ authenticate: authenticate as never });
        expect(answer).toMatchObject({ status: 401, challenge: "Bearer", result: undefined });
        expect(answer.error).toMatchObject({ code: -32600 });
        expect(errors).toHaveLength(result === undefined || result === null ? 0 : 1);
      }
    });

    it("with `anonymous`, accepts callers without a principal, and no other value", async () => {
      const anonymous = true;
      for (const nothing of [undefined, null]) {
        const answer = await asked({ anonymous, authenticate: () => nothing as never });
        expect(textOf(answer)).toBe("nobody");
      }
      for (const other of [false, true, {}, { id: "" }]) {
        const answer = await asked({ anonymous, authenticate: () => other as never });
        expect(answer.status).toBe(401);
      }
    });

    it("an error that is not a protocol error is masked, reported and sent with 500", async () => {
      const failures: readonly (() => never)[] = [
        () => {
          throw new Error("db password");
        },
        () => {
          throw new TransportError("timeout", "the issuer did not answer");
        },
        () => {
          throw ProtocolError.fromWire({ code: -32600, message: "a peer's" });
        },
      ];
      for (const authenticate of failures) {
        const answer = await asked({ authenticate });
        expect(answer.status).toBe(500);
        expect(answer.error).toEqual({ code: -32603, message: "Internal error" });
        expect(errors).toHaveLength(1);
      }
    });

    it.each([
      ["throws", () => throwing("no")],
      ["rejects", () => Promise.reject(new Error("no"))],
    ])("an onError that %s changes no answer", async (_how, onError) => {
      const print = vi.spyOn(console, "error").mockReturnValue();
      const authenticate = () => throwing("db password");
      const runner = await start(server, { authenticate, onError });
      const answer = await runner.ask(post(messageOf("tools/call", { name: "who" })));
      expect((await bodyOf(answer)).error).toEqual({ code: -32603, message: "Internal error" });
      expect(print).toHaveBeenCalledOnce();
      print.mockRestore();
    });

    it("a protocol error reaches the client, never with the status of a success", async () => {
      const thrown = (error: ProtocolError) => asked({ authenticate: () => Promise.reject(error) });
      const refused = await thrown(new ProtocolError("invalidRequest", "who are you?"));
      expect([refused.status, refused.error.message]).toEqual([400, "who are you?"]);
      const failed = await thrown(new ProtocolError("internalError", "the issuer is down"));
      expect([failed.status, failed.error.message]).toEqual([500, "the issuer is down"]);
      const waiting = { status: 503, retryAfterMs: 1000 };
      const late = await thrown(new ProtocolError("internalError", "wait", waiting));
      expect(late.status).toBe(503);
    });

    it("unauthorized() is a 401 with its challenge, forbidden() a 403 with its scope", async () => {
      const challenge = 'Bearer error="invalid_token"';
      const authenticate = () => Promise.reject(unauthorized({ challenge }));
      expect(await asked({ authenticate })).toMatchObject({ status: 401, challenge });
      const refused = await asked({
        authenticate: () => Promise.reject(forbidden({ scope: "a b" })),
      });
      expect(refused).toMatchObject({
        status: 403,
        challenge: 'Bearer error="insufficient_scope", scope="a b"',
      });
    });

    it("is asked before the body is read", async () => {
      const authenticate = () =>
        Promise.reject(new ProtocolError("invalidRequest", "", { status: 401 }));
      const runner = await start(server, { authenticate });
      const { headers = {} } = post(messageOf("tools/call", { name: "who" }));
      const endless = async function* () {
        yield new Uint8Array(1000);
        await new Promise(() => {});
      };
      const deep = "[".repeat(20_000);
      for (const body of ["no JSON", deep, endless()]) {
        expect((await runner.ask({ headers, body })).status).toBe(401);
      }
    });

    it("the address of the caller is that of the connection, or what addressOf returns", async () => {
      const addresses: unknown[] = [];
      const serve = async (
        _request: unknown,
        { address }: { readonly address?: string | undefined },
      ) => {
        addresses.push(address);
        return { resultType: "complete" };
      };
      const plain = await start({ serve });
      await plain.ask(post(messageOf("tools/list")));
      const proxied = await start({ serve }, { addressOf: (header) => header("x-real-ip") });
      await proxied.ask(post(messageOf("tools/list"), { "x-real-ip": "192.0.2.1" }));
      expect(addresses).toEqual([
        name === "createNodeHandler" ? "127.0.0.1" : undefined,
        "192.0.2.1",
      ]);
    });
  });
});

function throwing(message: string): never {
  throw new Error(message);
}

describe("a platform that shows no Host header", () => {
  const ask = async (url: string, headers: Headers, options: HttpHandlerOptions) => {
    const { headers: all = {}, body = "" } = post(echo, headers);
    const init = { method: "POST", headers: all, body: body as string };
    return (await createFetchHandler(server, options)(new Request(url, init))).status;
  };

  it("uses the host of the URL", async () => {
    const allowedHosts = ["mcp.example.com"];
    expect(await ask("https://mcp.example.com/mcp", {}, { allowedHosts })).toBe(200);
    expect(await ask("https://evil.example.com/mcp", {}, { allowedHosts })).toBe(403);
    const origin = "http://localhost:5173";
    expect(await ask("http://localhost:3000/mcp", { origin }, {})).toBe(200);
    expect(await ask("https://mcp.example.com/mcp", { origin }, {})).toBe(403);
  });
});

describe("Content-Length that is not the body's", () => {
  const create = (url: string, init: RequestInit) => new Request(url, init);
  const ask = (createRequest: typeof create, body: string, headers: Headers) => {
    const init = { method: "POST", headers: post(echo, headers).headers as HeadersInit, body };
    const handler = createFetchHandler(server, { maxBodyBytes: 1000 });
    return handler(createRequest("http://localhost/mcp", init));
  };

  it.each([
    ["a platform", create],
    ["an adapter", requestOfAdapter],
  ])("a request of %s that does not check it is still limited", async (_what, createRequest) => {
    const answer = await ask(createRequest, "x".repeat(2000), { "content-length": "1" });
    expect(answer.status).toBe(413);
  });

  it.each([
    ["shorter", -1],
    ["longer", 1],
    ["longer by a byte order mark", 3],
  ])("is ignored when the body was replaced: %s", async (_what, more) => {
    const message = messageOf("tools/call", { name: "echo", arguments: { a: "\ufffd" } });
    const body = JSON.stringify(message);
    const length = String(Buffer.byteLength(body) + more);
    expect((await ask(create, body, { "content-length": length })).status).toBe(200);
  });

  it("is ignored when the adapter has decompressed the body", async () => {
    const message = messageOf("tools/call", { name: "echo", arguments: { a: "\ufffd" } });
    const headers = { "content-length": "99", "content-encoding": "gzip" };
    const answer = await ask(requestOfAdapter, JSON.stringify(message), headers);
    expect(answer.status).toBe(200);
  });
});

describe("an invalid option throws a TypeError at once", () => {
  it.each([
    ["maxBodyBytes", 0],
    ["maxBodyBytes", 1.5],
    ["maxBodyBytes", Number.NaN],
    ["maxBufferedBytes", -1],
    ["keepAliveMs", 0],
    ["keepAliveMs", Number.POSITIVE_INFINITY],
  ])("%s: %d", (name, value) => {
    expect(() => createNodeHandler(server, { [name]: value })).toThrow(TypeError);
    expect(() => createFetchHandler(server, { [name]: value })).toThrow(name);
  });
});

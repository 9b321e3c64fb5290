import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import type { RequestContext } from "../../protocol/exchange.ts";
import { encodeHeaderValue } from "../../protocol/http-headers.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import { coreMethods } from "../../protocol/methods.ts";
import type { HttpTransportOptions } from "./client.ts";
import { createHttpTransport as createUndiciTransport } from "./client-undici.ts";
import {
  after,
  answerWith,
  context,
  done,
  opener,
  request,
  serveHttp,
  transports,
} from "./fixtures/scripted-endpoint.ts";

describe.each(transports)("the %s transport", (_name, createHttpTransport) => {
  const open = opener(createHttpTransport);

  async function headersOf(
    message: JSONRPCRequest,
    extra?: Partial<RequestContext>,
    options?: HttpTransportOptions,
  ): Promise<IncomingMessage["headers"]> {
    let headers: IncomingMessage["headers"] = {};
    const url = await serveHttp((received, response, body) => {
      headers = received.headers;
      answerWith(`{"jsonrpc":"2.0","id":${JSON.parse(body).id},"result":{}}`)(
        received,
        response,
        body,
      );
    });
    await open(url, options).serve(message, context(extra));
    return headers;
  }

  it("sends every message as a POST of one JSON-RPC message", async () => {
    let seen: unknown[] = [];
    const url = await serveHttp((received, response, body) => {
      seen = [received.method, received.url, JSON.parse(body)];
      answerWith(done)(received, response, body);
    });
    await open(`${url}?tenant=1#fragment`).serve(request(), context());
    expect(seen).toEqual(["POST", "/mcp?tenant=1", request()]);
  });

  it("sends a lone surrogate as U+FFFD, in the body as in the headers", async () => {
    let name: unknown;
    const url = await serveHttp((received, response, body) => {
      name = [JSON.parse(body).params.name, received.headers["mcp-name"]];
      answerWith(done)(received, response, body);
    });
    await open(url).serve(request({ params: { name: "a\ud83d" } }), context());
    expect(name).toEqual(["a\ufffd", encodeHeaderValue("a\ufffd")]);
  });

  it("lists both media types in Accept and mirrors version, method and name", async () => {
    expect(await headersOf(request())).toMatchObject({
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "add",
    });
  });

  it.each([
    ["Mcp-Name is the uri of resources/read", "resources/read", { uri: "file:///a" }, "file:///a"],
    [
      "Mcp-Name is Base64 where ASCII can't carry it",
      "prompts/get",
      { name: "世" },
      "=?base64?5LiW?=",
    ],
    ["requests without a name have no Mcp-Name", "tools/list", { name: "x" }, undefined],
  ])("%s", async (_what, method, params, expected) => {
    expect((await headersOf(request({ method, params })))["mcp-name"]).toBe(expected);
  });

  it.each(coreMethods.map(({ name }) => name))(
    "names the method in Mcp-Method: %s",
    async (method) => {
      expect((await headersOf(request({ method })))["mcp-method"]).toBe(method);
    },
  );

  it("adds the headers of the exchange, the user's, and those of a function", async () => {
    const addHeaders = { "Mcp-Param-Region": "eu", "Mcp-Name": "from-context" };
    const fixed = await headersOf(request(), { addHeaders }, { headers: { "X-Key": "k" } });
    expect(fixed).toMatchObject({
      "mcp-param-region": "eu",
      "mcp-name": "from-context",
      "x-key": "k",
    });
    const headers = async () => ({ authorization: "Bearer t" });
    expect((await headersOf(request(), {}, { headers })).authorization).toBe("Bearer t");
  });

  it.each([
    ["a protocol header", { "Mcp-Method": "x" }],
    ["a malformed name", { "a b": "x" }],
    ["an injected line", { "x-a": "1\r\nx-b: 2" }],
  ])("rejects %s among the user's headers", (_what, headers) => {
    expect(() => createHttpTransport("http://localhost", { headers })).toThrow(TypeError);
  });

  it.each(["ftp://localhost", "http://user:secret@localhost", "not a url"])(
    "refuses the address %s at once",
    (url) => {
      expect(() => createHttpTransport(url)).toThrow(TypeError);
    },
  );
});

it("the undici transport uses the user's fetch if there is one", async () => {
  const custom: typeof fetch = async () =>
    new Response(done, { headers: { "content-type": "application/json" } });
  const transport = createUndiciTransport("http://localhost/mcp", { fetch: custom });
  expect(await transport.serve(request(), context())).toEqual({ resultType: "complete" });
});

it("the undici transport waits while all its connections are busy", async () => {
  let open = 0;
  let most = 0;
  const url = await serveHttp((_request, response) => {
    open += 1;
    most = Math.max(most, open);
    setImmediate(() => {
      open -= 1;
      answerWith(done)(_request, response, "");
    });
  });
  const transport = createUndiciTransport(url, { maxConnections: 2 });
  after(transport.close);
  await Promise.all(Array.from({ length: 8 }, () => transport.serve(request(), context())));
  expect(most).toBeLessThanOrEqual(2);
});

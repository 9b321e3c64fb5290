import type { RequestListener } from "node:http";
import { type JSONRPCRequest, metaKeys } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { createHttpUpstream } from "../upstreams/http-upstream.ts";
import { after, startReplica, upstreamConfig } from "./fixtures/front.ts";
import { faultOf } from "./response-status.ts";

const _meta = { [metaKeys.protocolVersion]: "2026-07-28", [metaKeys.clientCapabilities]: {} };
const call: JSONRPCRequest = {
  jsonrpc: "2.0",
  id: 7,
  method: "tools/call",
  params: { _meta, name: "pay" },
};
const challenge = 'Bearer resource_metadata="https://a.example/.well-known", scope="pay"';

/** Answers every request with the same response. */
function refuse(status: number, headers: object, body?: object): RequestListener {
  return (req, res) => {
    req.resume().on("end", () => {
      res.writeHead(status, { ...headers, ...(body && { "content-type": "application/json" }) });
      res.end(body && JSON.stringify(body));
    });
  };
}

/** Returns the error that the client receives. */
async function toldOf(listener: RequestListener): Promise<unknown> {
  const replica = await startReplica(listener);
  const upstream = createHttpUpstream("test", upstreamConfig([replica.url]));
  after(() => upstream.close(0));
  const context = { signal: new AbortController().signal, notify: () => {} };
  return upstream.serve(call, context).catch((error: unknown) => error);
}

describe("the HTTP status of an upstream", () => {
  it.each([401, 403])("%i is passed to the client with its challenge", async (status) => {
    const headers = { "WWW-Authenticate": challenge };
    const told = { reason: "invalidRequest", status, challenge, data: { upstream: "test" } };
    expect(await toldOf(refuse(status, headers))).toMatchObject(told);
    expect(await toldOf(refuse(status, headers, { error: "invalid_token" }))).toMatchObject(told);
  });

  it("401 is passed to the client with its challenges joined", async () => {
    const headers = { "WWW-Authenticate": ["DPoP", "Bearer"] };
    expect(await toldOf(refuse(401, headers))).toMatchObject({ challenge: "DPoP, Bearer" });
  });

  it("401 is passed to the client without a challenge that is not a valid header value", async () => {
    const headers = { "WWW-Authenticate": 'Bearer realm="\u00e9"' };
    expect(await toldOf(refuse(401, headers))).toMatchObject({ status: 401, challenge: undefined });
  });

  it("429 is passed to the client as a transient error with the retry time", async () => {
    expect(await toldOf(refuse(429, { "Retry-After": "12" }))).toMatchObject({
      reason: "internalError",
      status: 429,
      retryAfterMs: 12_000,
    });
  });

  it("429 with a date gives a retry time relative to the Date of the response", async () => {
    const headers = {
      Date: "Tue, 28 Jul 2026 12:00:00 GMT",
      "Retry-After": "Tue, 28 Jul 2026 12:00:07 GMT",
    };
    expect(await toldOf(refuse(429, headers))).toMatchObject({ status: 429, retryAfterMs: 7000 });
  });

  it.each([
    [401, -32600],
    [503, -32603],
  ])("%i is passed to the client with the JSON-RPC error of the body", async (status, code) => {
    const error = { code, message: "not now", data: { a: 1 } };
    const body = { jsonrpc: "2.0", id: 7, error };
    expect(await toldOf(refuse(status, { "Retry-After": "2" }, body))).toMatchObject({
      ...error,
      peer: true,
      status,
      retryAfterMs: 2000,
    });
  });

  it("503 without a JSON-RPC error becomes 502", async () => {
    expect(await toldOf(refuse(503, { "Retry-After": "2" }))).toMatchObject({
      status: 502,
      retryAfterMs: undefined,
    });
  });
});

it.each([
  [200, "application/json", undefined],
  [404, "text/html", undefined],
  [500, "text/html", undefined],
  [502, "text/html", "HTTP status 502"],
  [503, undefined, "HTTP status 503"],
  [504, "text/plain", "HTTP status 504"],
  [503, "application/json", undefined],
  [502, "application/json; charset=utf-8", undefined],
  [503, "application/jsonp", "HTTP status 503"],
])("the fault for status %i and content type %s is %s", (status, type, expected) => {
  expect(faultOf(status, type)).toBe(expected);
});

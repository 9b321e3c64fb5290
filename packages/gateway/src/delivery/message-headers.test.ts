import type { RequestContext } from "lutra/protocol";
import { expect, it } from "vitest";
import { recordIn } from "../exchange-record.ts";
import { headOf, modern, peerAddress } from "../fixtures/head-of.ts";
import { createRecord } from "./fixtures/front.ts";
import { createMessageHeaders } from "./message-headers.ts";

function contextOf(
  headers: { readonly [name: string]: string },
  addHeaders?: RequestContext["addHeaders"],
): RequestContext {
  const { signal } = new AbortController();
  const context = { signal, notify: () => {}, header: (name: string) => headers[name], addHeaders };
  const raw = Object.entries(headers).flat();
  recordIn(context, createRecord(headOf(...modern("tools/call", "x", ...raw))));
  return context;
}

/** The headers about the client of every request in these tests. */
const clientHeaders = { "x-forwarded-for": peerAddress, "x-forwarded-proto": "http" };

const trace = { traceparent: "00-1-2-03", tracestate: "a=1", baggage: "b=2" };

it("keeps the credentials, the trace, the headers about the client, and nothing else", () => {
  const headers = { authorization: "Bearer a", ...trace, cookie: "c=3", "x-own": "1" };
  expect(createMessageHeaders()(contextOf(headers))).toEqual({
    authorization: "Bearer a",
    ...trace,
    ...clientHeaders,
  });
});

it("keeps every Mcp-Param unchanged, known or not", () => {
  const headers = { "mcp-param-city": "=?base64?w7g=?=", "mcp-param-new": "1" };
  expect(createMessageHeaders()(contextOf(headers))).toEqual({ ...headers, ...clientHeaders });
});

it("omits the configured headers", () => {
  const passed = createMessageHeaders({ Authorization: "Bearer own" });
  expect(passed(contextOf({ authorization: "Bearer client", ...trace }))).toEqual({
    ...trace,
    ...clientHeaders,
  });
  const proto = createMessageHeaders({ "X-Forwarded-Proto": "https" });
  expect(proto(contextOf({}))).toEqual({ "x-forwarded-for": peerAddress });
});

it("prefers the headers of `addHeaders`, whatever their case", () => {
  const added = { "Mcp-Param-City": "Ulm", "Mcp-Name": "y" };
  const context = contextOf({ "mcp-param-city": "Bonn", "mcp-param-day": "1" }, added);
  expect(createMessageHeaders()(context)).toEqual({
    ...added,
    ...clientHeaders,
    "mcp-param-day": "1",
  });
});

it("withholds the credentials that the gateway has verified", () => {
  const headers = createMessageHeaders({}, { passesCredentials: () => false });
  expect(headers(contextOf({ authorization: "Bearer a" }))).toEqual(clientHeaders);
});

it("adds the principal where the upstream can verify it", () => {
  const encodePrincipal = ({ id }: { readonly id: string }) => `signed ${id}`;
  const headers = createMessageHeaders({}, { passesCredentials: () => true, encodePrincipal });
  const sent = { "x-lutra-principal": "forged" };
  expect(headers(contextOf(sent))).toEqual(clientHeaders);
  expect(headers({ ...contextOf(sent), principal: { id: "ana" } })).toMatchObject({
    "x-lutra-principal": "signed ana",
  });
});

it("keeps nothing of a request that did not arrive over HTTP", () => {
  const { signal } = new AbortController();
  expect(createMessageHeaders()({ signal, notify: () => {} })).toEqual({});
});

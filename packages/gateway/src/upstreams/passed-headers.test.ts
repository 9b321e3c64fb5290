import type { RequestContext } from "lutra/protocol";
import { expect, it } from "vitest";
import { recordIn } from "../exchange-record.ts";
import { headOf, modern } from "../fixtures/head-of.ts";
import { createRecord } from "../forward/fixtures/front.ts";
import { createPassedHeaders } from "./passed-headers.ts";

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

const trace = { traceparent: "00-1-2-03", tracestate: "a=1", baggage: "b=2" };

it("passes on whom the request is for, its trace, and nothing else", () => {
  const headers = { authorization: "Bearer a", ...trace, cookie: "c=3", "x-own": "1" };
  expect(createPassedHeaders()(contextOf(headers))).toEqual({
    authorization: "Bearer a",
    ...trace,
  });
});

it("passes on every Mcp-Param, known or not, as it came", () => {
  const headers = { "mcp-param-city": "=?base64?w7g=?=", "mcp-param-new": "1" };
  expect(createPassedHeaders()(contextOf(headers))).toEqual(headers);
});

it("leaves out what the operator has set", () => {
  const passed = createPassedHeaders({ Authorization: "Bearer own" });
  expect(passed(contextOf({ authorization: "Bearer client", ...trace }))).toEqual(trace);
});

it("keeps the headers that someone added on the way, whatever their case", () => {
  const added = { "Mcp-Param-City": "Ulm", "Mcp-Name": "y" };
  const context = contextOf({ "mcp-param-city": "Bonn", "mcp-param-day": "1" }, added);
  expect(createPassedHeaders()(context)).toEqual({ ...added, "mcp-param-day": "1" });
});

it("has nothing to pass on of a request that came without HTTP", () => {
  const { signal } = new AbortController();
  expect(createPassedHeaders()({ signal, notify: () => {} })).toEqual({});
});

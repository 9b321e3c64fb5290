import type { RequestContext } from "lutra/protocol";
import { expect, it } from "vitest";
import { recordIn } from "../exchange-record.ts";
import { headOf, modern, peerAddress } from "../fixtures/head-of.ts";
import { defaultHeaders, HeaderPolicy, type HeaderSettings } from "../head/header-policy.ts";
import { sharedContext } from "../head/shared-request.ts";
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

const policyOf = (settings: Partial<HeaderSettings>) =>
  new HeaderPolicy({ ...defaultHeaders, ...settings });

/** The headers about the client of every request in these tests. */
const addressHeaders = { "x-forwarded-for": peerAddress, "x-real-ip": peerAddress };
const clientHeaders = { ...addressHeaders, "x-forwarded-proto": "http" };

const traceparent = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`;
const trace = { traceparent, tracestate: "a=1", baggage: "b=2" };

it("keeps all headers of the caller except for those of the protocol", () => {
  const headers = { authorization: "Bearer a", ...trace, cookie: "c=3", "x-own": "1" };
  const sent = { ...headers, accept: "text/html", "content-type": "text/html", te: "trailers" };
  expect(createMessageHeaders()(contextOf(sent))).toEqual({ ...headers, ...clientHeaders });
});

it("keeps every Mcp-Param unchanged, known or not", () => {
  const headers = { "mcp-param-city": "=?base64?w7g=?=", "mcp-param-new": "1" };
  expect(createMessageHeaders()(contextOf(headers))).toEqual({ ...headers, ...clientHeaders });
});

it("omits the headers that are set or removed", () => {
  const passed = createMessageHeaders(
    policyOf({ set: { authorization: "Bearer own" }, remove: ["x-own"] }),
  );
  const sent = { authorization: "Bearer client", "x-own": "1", ...trace };
  expect(passed(contextOf(sent))).toEqual({ ...trace, ...clientHeaders });
  const proto = createMessageHeaders(policyOf({ set: { "x-forwarded-proto": "https" } }));
  expect(proto(contextOf({}))).toEqual(addressHeaders);
});

it("keeps only the named headers, beside credentials and those about the request", () => {
  const passed = createMessageHeaders(policyOf({ forward: ["x-tenant"] }));
  const known = { "x-api-key": "k", "user-agent": "u", "x-tenant": "t" };
  expect(passed(contextOf({ ...known, "x-other": "1" }))).toEqual({ ...known, ...clientHeaders });
});

it("renames a header, and drops one that the caller sends under the new name", () => {
  const passed = createMessageHeaders(policyOf({ rename: { "x-user": "x-caller" } }));
  expect(passed(contextOf({ "x-user": "ada", "x-caller": "forged" }))).toEqual({
    "x-caller": "ada",
    ...clientHeaders,
  });
  expect(passed(contextOf({ "x-caller": "forged" }))).toEqual(clientHeaders);
});

it("joins the values of a repeated header", () => {
  const context = contextOf({});
  const raw = ["X-Own", "1", "Cookie", "a=1", "x-own", "2", "cookie", "b=2"];
  recordIn(context, createRecord(headOf(...modern("tools/call", "x", ...raw))));
  expect(createMessageHeaders()(context)).toMatchObject({ "x-own": "1, 2", cookie: "a=1; b=2" });
});

it("keeps only the identity of the caller and trace ids where the result may be shared", () => {
  const own = { authorization: "Bearer a", "x-own": "1" };
  const others = { ...trace, "user-agent": "u", "x-request-id": "r", "mcp-param-city": "Ulm" };
  const shared = sharedContext(contextOf({ ...own, ...others }));
  expect(createMessageHeaders()(shared)).toEqual({ ...own, traceparent });
  const forged = sharedContext(contextOf({ traceparent: "00-evil" }));
  expect(createMessageHeaders()(forged)).toEqual({});
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

it.each(["authorization", "cookie", "dpop", "x-api-key"])(
  "withholds %s where the gateway has verified the caller",
  (name) => {
    const callers = { passesCredentials: () => false };
    const sent = contextOf({ [name]: "secret" });
    expect(createMessageHeaders(policyOf({}), callers)(sent)).toEqual(clientHeaders);
    const renamed = createMessageHeaders(policyOf({ rename: { [name]: "x-own" } }), callers);
    expect(renamed(sent)).toEqual(clientHeaders);
  },
);

it("adds the principal where the upstream can verify it", () => {
  const encodePrincipal = ({ id }: { readonly id: string }) => `signed ${id}`;
  const callers = { passesCredentials: () => true, encodePrincipal };
  const headers = createMessageHeaders(policyOf({}), callers);
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

import { describe, expect, it } from "vitest";
import { defaultHeaders, HeaderPolicy, type HeaderSettings } from "../head/header-policy.ts";
import { createRequestHeaders, readResponseHead } from "./stream-headers.ts";

const policyOf = (settings: Partial<HeaderSettings>) =>
  new HeaderPolicy({ ...defaultHeaders, ...settings });

const raw = (...texts: string[]) => texts;

describe("the headers of a request", () => {
  it("are not copied where none are configured", () => {
    const headers = ["a", "1"];
    expect(createRequestHeaders()(headers)).toBe(headers);
  });

  it("contain the configured values instead of all values of the client", () => {
    const headers = ["authorization", "client", "a", "1", "authorization", "again"];
    const own = createRequestHeaders(policyOf({ set: { authorization: "own", "x-env": "test" } }));
    expect(own(headers)).toEqual(["a", "1", "authorization", "own", "x-env", "test"]);
  });
});

describe("the headers about the caller", () => {
  const headers = ["authorization", "client", "a", "1"];
  const encodePrincipal = ({ id }: { readonly id: string }) => `signed ${id}`;

  it("lack the credentials that the gateway has verified", () => {
    const own = createRequestHeaders(policyOf({}), { passesCredentials: () => false });
    expect(own(headers, { id: "ana" })).toEqual(["a", "1"]);
    const configured = createRequestHeaders(policyOf({ set: { "x-env": "test" } }), {
      passesCredentials: () => false,
    });
    expect(configured(headers)).toEqual(["a", "1", "x-env", "test"]);
  });

  it("contain the principal where the upstream can verify it", () => {
    const own = createRequestHeaders(policyOf({}), {
      passesCredentials: () => true,
      encodePrincipal,
    });
    expect(own(headers, { id: "ana" })).toEqual([...headers, "x-lutra-principal", "signed ana"]);
    expect(own(headers)).toBe(headers);
  });
});

describe("the headers of a response", () => {
  it("keep their order and repetitions, after the name of the replica", () => {
    const { headers } = readResponseHead(
      raw("Set-Cookie", "a", "X", "\xe9", "Set-Cookie", "b"),
      "2",
      false,
    );
    expect(headers).toEqual([
      "x-lutra-replica",
      "2",
      "Set-Cookie",
      "a",
      "X",
      "\xe9",
      "Set-Cookie",
      "b",
    ]);
  });

  it.each([
    "TE",
    "Trailer",
    "Upgrade",
    "Connection",
    "keep-alive",
    "Proxy-Connection",
    "Transfer-Encoding",
  ])("lose %s, which belongs to one connection", (name) => {
    expect(readResponseHead(raw(name, "x", "A", "1"), "2", false).headers).toEqual([
      ...["x-lutra-replica", "2"],
      ...["A", "1"],
    ]);
  });

  it("lose those that Connection names, however often it is sent", () => {
    const named = ["Connection", "X-One, close", "connection", "x-two"];
    const { headers } = readResponseHead(
      raw(...named, "x-one", "1", "X-Two", "2", "A", "3"),
      "2",
      false,
    );
    expect(headers.slice(2)).toEqual(["A", "3"]);
  });

  it.each([
    ["Location", "http://10.0.0.1/internal"],
    ["Retry-After", "99999999999"],
    ["retry-after", "soon"],
  ])("lose %s: %s", (name, value) => {
    expect(readResponseHead(raw(name, value, "A", "1"), "2", false).headers).toEqual([
      ...["x-lutra-replica", "2"],
      ...["A", "1"],
    ]);
  });

  it("keep a pause of at most a day", () => {
    const { headers } = readResponseHead(raw("Retry-After", "120"), "2", false);
    expect(headers.slice(2)).toEqual(["Retry-After", "120"]);
  });

  it("close the client's connection when the replica did not wait for the request", () => {
    const { headers } = readResponseHead(raw("Connection", "keep-alive"), "2", true);
    expect(headers.slice(2)).toEqual(["connection", "close"]);
  });

  it("contain the type and the length of the body", () => {
    const both = raw("Content-Type", "application/json", "CONTENT-LENGTH", "12");
    expect(readResponseHead(both, "2", false)).toMatchObject({
      contentType: "application/json",
      length: 12,
    });
    expect(readResponseHead([], "2", false)).toMatchObject({
      contentType: undefined,
      length: undefined,
    });
  });
});

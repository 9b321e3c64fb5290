import { encodeHeaderValue } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { headOf, modern, peerAddress } from "../fixtures/head-of.ts";

describe("basic/transports/streamable-http#request-metadata: a head", () => {
  it("has the version, the method, the name and the params", () => {
    const head = headOf(...modern("tools/call", "search", "Mcp-Param-Country", "FR"));
    expect(head).toMatchObject({
      version: "2026-07-28",
      method: "tools/call",
      name: "search",
      address: "192.0.2.1",
    });
    expect([head.param("country"), head.param("region")]).toEqual(["FR", undefined]);
  });

  it("intermediaries MUST decode values before using them", () => {
    const name = "naïve tool 🦦";
    const encoded = encodeHeaderValue(name);
    const head = headOf(...modern("tools/call", encoded, "mcp-param-city", encodeHeaderValue("ø")));
    expect([head.name, head.param("city")]).toEqual([name, "ø"]);
    expect(head.headers).toContain(encoded);
  });

  it.each([
    ["Mcp-Name", "a", "mcp-name", "b"],
    ["Mcp-Name", "a", "MCP-NAME", "a"],
    ["Mcp-Method", "tools/list", "Mcp-Method", "tools/call"],
    ["MCP-Protocol-Version", "2026-07-28", "mcp-protocol-version", "2026-07-28"],
    ["Mcp-Param-City", "a", "mcp-param-city", "b"],
  ])("is rejected when %s is sent twice", (...headers) => {
    expect(() => headOf(...headers)).toThrow(
      expect.objectContaining({ reason: "headerMismatch", status: 400 }),
    );
  });

  it("is rejected when its credentials are sent twice", () => {
    const twice = ["Authorization", "Bearer a", "authorization", "Bearer b"];
    expect(() => headOf(...modern("tools/list"), ...twice)).toThrow(
      expect.objectContaining({ reason: "invalidRequest", status: 400 }),
    );
  });

  it("has no name for a method without a name field", () => {
    expect(headOf(...modern("tools/list", "search")).name).toBeUndefined();
    expect(headOf(...modern("completion/complete", "search")).name).toBeUndefined();
    expect(headOf(...modern("tasks/get", "an id")).name).toBe("an id");
    expect(headOf(...modern("vendor/method", "its name")).name).toBe("its name");
  });

  it.each(["=?base64?%%%?=", "=?base64?w7==?=", "=?base64?/w==?="])(
    "is rejected when its name cannot be decoded: %s",
    (name) => {
      expect(() => headOf(...modern("tools/call", name))).toThrow(
        expect.objectContaining({ reason: "headerMismatch" }),
      );
    },
  );

  it.each(["Mcp-Name", "close, mcp-method", "MCP-Protocol-Version", "Mcp-Param-City"])(
    "is rejected when its metadata is named in Connection: %s",
    (connection) => {
      const headers = modern("tools/call", "search", "Mcp-Param-City", "a");
      expect(() => headOf(...headers, "Connection", connection)).toThrow(
        expect.objectContaining({ reason: "headerMismatch", status: 400 }),
      );
    },
  );

  it("has a version only from the revision on whose servers compare headers with the body", () => {
    const version = (value: string) => headOf("MCP-Protocol-Version", value).version;
    expect(version("2026-07-28")).toBe("2026-07-28");
    expect(version("2027-01-15")).toBe("2027-01-15");
    for (const old of ["2025-11-25", "2025-06-18", "", "draft", "9999", "2026-7-28"]) {
      expect(version(old)).toBeUndefined();
    }
    expect(headOf().version).toBeUndefined();
  });
});

describe("the headers for the upstream", () => {
  it("omit those of the connection and those that the gateway checks itself", () => {
    const sent = [
      ...["Host", "gateway.example", "Origin", "https://a.example"],
      ...["Connection", "keep-alive, X-Mine", "X-Mine", "1", "Keep-Alive", "timeout=5"],
      ...["TE", "trailers", "Transfer-Encoding", "chunked", "Upgrade", "h2c", "Expect", "100"],
      ...["Proxy-Authorization", "Basic x", "X-Kept", "yes", "Content-Type", "application/json"],
    ];
    expect(headOf(...sent).headers).toEqual([
      ...["x-kept", "yes", "content-type", "application/json"],
      ...["x-forwarded-for", peerAddress, "x-real-ip", peerAddress],
      ...["x-forwarded-proto", "http"],
      ...["x-forwarded-host", "gateway.example"],
    ]);
  });

  it("include unknown metadata unchanged", () => {
    const more = ["Mcp-Param-Whatever", "=?base64?w7g=?=", "mcp-new", "1"];
    expect(headOf(...modern("tools/call", "a", ...more)).headers.slice(0, -6)).toEqual([
      ...["mcp-protocol-version", "2026-07-28", "mcp-method", "tools/call", "mcp-name", "a"],
      ...["mcp-param-whatever", "=?base64?w7g=?=", "mcp-new", "1"],
    ]);
  });
});

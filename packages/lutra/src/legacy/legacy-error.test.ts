import { describe, expect, it } from "vitest";
import { errorCodes, invalidParams, ProtocolError } from "../protocol/errors.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { resourceNotFound } from "../protocol/resources.ts";
import { sessionNotFound, toLegacyError } from "./legacy-error.ts";

const request = (params?: object) =>
  ({ jsonrpc: "2.0", id: 1, method: "x", params }) as JSONRPCRequest;
const wireOf = (thrown: unknown, params?: object) =>
  (toLegacyError(thrown, request(params)) as ProtocolError).toWire();

describe("toLegacyError", () => {
  it.each([
    ["invalidRequest", -32600],
    ["methodNotFound", -32601],
    ["invalidParams", -32602],
    ["internalError", -32603],
    ["headerMismatch", -32600],
    ["missingRequiredClientCapability", -32600],
    ["unsupportedProtocolVersion", -32600],
  ] as const)("sends %s as %i", (reason, code) => {
    const data = { x: 1 };
    expect(wireOf(new ProtocolError(reason, "why", { data }))).toEqual({
      code,
      message: "why",
      data,
    });
  });

  it("has no code that the legacy revisions reserve for others", () => {
    const sent = Object.keys(errorCodes).map(
      (reason) => wireOf(new ProtocolError(reason as keyof typeof errorCodes, "x")).code,
    );
    expect(Math.min(...(sent as number[]))).toBe(-32700);
    expect(sent.every((code) => (code as number) <= -32600)).toBe(true);
  });

  it("keeps a code of the application", () => {
    const own = ProtocolError.fromWire({ code: 7, message: "own" });
    expect(wireOf(own).code).toBe(7);
  });

  it("2025-11-25/server/resources#error-handling: an unknown resource has -32002", () => {
    const uri = "a:b";
    expect(wireOf(resourceNotFound(uri), { uri })).toEqual({
      code: -32002,
      message: "Resource not found: a:b",
      data: { uri },
    });
  });

  it.each([{}, { uri: "a:c" }, undefined])(
    "another error with a URI in its data keeps its code: %j",
    (params) => {
      expect(wireOf(invalidParams("x", { uri: "a:b" }), params).code).toBe(-32602);
    },
  );

  it.each([
    [undefined, 200],
    [503, 200],
    [429, 200],
    [404, 200],
    [401, 401],
    [403, 403],
  ])("has for the status %s the status %i, which clients read", (status, expected) => {
    const error = new ProtocolError("internalError", "x", { status });
    expect(toLegacyError(error, request())).toMatchObject({ status: expected });
  });

  it.each([new Error("secret"), "x", undefined])(
    "returns any other value unchanged: %s",
    (thrown) => {
      expect(toLegacyError(thrown, request())).toBe(thrown);
    },
  );
});

describe("sessionNotFound", () => {
  it("has the status 404, and names the versions and the remedy", () => {
    const error = sessionNotFound(["2025-11-25", "2025-06-18"]);
    expect(error.status).toBe(404);
    expect(error.toWire()).toEqual({
      code: -32001,
      message:
        "Session not found, or it has ended; send initialize again (this server supports 2025-11-25, 2025-06-18)",
    });
  });
});

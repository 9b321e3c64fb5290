import { describe, expect, it } from "vitest";
import { errorCodes, isProtocolError, ProtocolError } from "./errors.ts";

describe("basic/index#error-codes", () => {
  it("the table contains the codes that the specification defines, and no others", () => {
    expect(errorCodes).toEqual({
      parseError: { code: -32700, status: 400 },
      invalidRequest: { code: -32600, status: 400 },
      methodNotFound: { code: -32601, status: 404 },
      invalidParams: { code: -32602, status: 400 },
      internalError: { code: -32603, status: 200 },
      headerMismatch: { code: -32020, status: 400 },
      missingRequiredClientCapability: { code: -32021, status: 400 },
      unsupportedProtocolVersion: { code: -32022, status: 400 },
    });
  });

  const table = Object.entries(errorCodes) as [keyof typeof errorCodes, { code: number }][];
  it.each(table)("%s is unchanged after encoding and decoding", (reason, { code }) => {
    const sent = new ProtocolError(reason, "what", { data: { a: [1] }, cause: new Error("why") });
    expect(sent).toMatchObject({ reason, code, peer: false, name: "ProtocolError" });
    const received = ProtocolError.fromWire(JSON.parse(JSON.stringify(sent.toWire())));
    expect(received).toMatchObject({ reason, code, message: "what", data: { a: [1] }, peer: true });
    expect(received?.status).toBe(sent.status);
    expect(received?.cause).toBeUndefined();
  });

  it("an error may override its status and state when to retry", () => {
    const busy = new ProtocolError("internalError", "busy", { status: 503, retryAfterMs: 1500 });
    expect(busy).toMatchObject({ code: -32603, status: 503, retryAfterMs: 1500 });
    expect(busy.toWire()).toEqual({ code: -32603, message: "busy" });
    expect(new ProtocolError("internalError", "broken").retryAfterMs).toBeUndefined();
  });

  it("clients SHOULD still accept -32002 from servers of earlier versions", () => {
    const error = ProtocolError.fromWire({ code: -32002, message: "Resource not found" });
    expect(error).toMatchObject({ reason: "resourceNotFound", code: -32002, peer: true });
  });

  it.each([
    [-32002, -32602, 400],
    [-32042, -32603, 200],
    [-32023, -32603, 200],
    [-32099, -32603, 200],
  ])("implementations MUST NOT emit %i, even if it was received", (code, sent, status) => {
    const error = ProtocolError.fromWire({ code, message: "no" });
    expect(error).toMatchObject({ code, status });
    expect(error?.toWire()).toEqual({ code: sent, message: "no" });
  });

  it.each([
    ["an application's code", 17],
    ["a code in the legacy range, which has no specific meaning", -32001],
  ])("%s is forwarded unchanged", (_what, code) => {
    const error = ProtocolError.fromWire({ code, message: "no", data: null });
    expect(error).toMatchObject({ reason: "other", code, status: 200 });
    expect(error?.toWire()).toEqual({ code, message: "no", data: null });
  });

  it.each([
    ["null", null],
    ["no code", { message: "no" }],
    ["a fractional code", { code: 1.5, message: "no" }],
    ["a code that is a string", { code: "-32602", message: "no" }],
    ["an array", [-32602]],
  ])("error codes MUST be integers: rejects %s", (_what, wire) => {
    expect(ProtocolError.fromWire(wire)).toBeUndefined();
  });

  it("a missing message is read as an empty message", () => {
    expect(ProtocolError.fromWire({ code: -32602 })?.message).toBe("");
  });
});

describe("ProtocolError.from", () => {
  it.each([
    ["an error", new Error("the password is 123")],
    ["a string", "the password is 123"],
    ["undefined", undefined],
    ["null", null],
    ["an object that looks like one", { code: -32602, message: "the password is 123" }],
  ])("ProtocolError.from masks %s and keeps it as the cause", (_what, thrown) => {
    const error = ProtocolError.from(thrown);
    expect(error.toWire()).toEqual({ code: -32603, message: "Internal error" });
    expect(error.cause).toBe(thrown);
  });

  it("ProtocolError.from returns a protocol error unchanged", () => {
    const error = new ProtocolError("invalidParams", "params.name: expected a string");
    expect(ProtocolError.from(error)).toBe(error);
  });
});

describe("isProtocolError", () => {
  it("isProtocolError recognises errors of another copy of the package", () => {
    const other = Object.assign(new Error(), { [Symbol.for("lutra.ProtocolError")]: true });
    expect(isProtocolError(other)).toBe(true);
  });

  it.each([[new Error()], [null], [undefined], ["error"], [{ code: -32602 }]])(
    "isProtocolError is false for %s",
    (value) => {
      expect(isProtocolError(value)).toBe(false);
    },
  );
});

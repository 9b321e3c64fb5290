import { expect, it } from "vitest";
import { ProtocolError } from "./errors.ts";
import { isTransient } from "./transient.ts";
import { TransportError } from "./transport-error.ts";

it.each([
  ["an internal error", new ProtocolError("internalError", "Internal error"), true],
  ["invalid params", new ProtocolError("invalidParams", "params: expected"), false],
  ["a lost connection", new TransportError("closed", "closed"), true],
  ["a timeout", new TransportError("timeout", "timeout"), true],
  ["a cancelled request", new TransportError("aborted", "aborted"), false],
  ["a malformed response", new TransportError("malformed", "malformed"), false],
  ["HTTP 503", new TransportError("http", "503", { status: 503 }), true],
  ["HTTP 429", new TransportError("http", "429", { status: 429 }), true],
  ["HTTP 408", new TransportError("http", "408", { status: 408 }), true],
  ["HTTP 401", new TransportError("http", "401", { status: 401 }), false],
  ["any other error", new Error("closed"), false],
])("%s may pass: %s", (_name, error, expected) => {
  expect(isTransient(error)).toBe(expected);
});

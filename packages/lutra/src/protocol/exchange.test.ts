import { describe, expect, it } from "vitest";
import type { Middleware, RequestContext, Serve } from "./exchange.ts";
import { compose } from "./exchange.ts";
import { isTransportError, TransportError } from "./transport-error.ts";

const request = { jsonrpc: "2.0", id: 1, method: "x" } as const;
const context: RequestContext = { signal: new AbortController().signal, notify: () => {} };

describe("compose", () => {
  const mark =
    (order: string[], name: string): Middleware =>
    (next) =>
    async (...args) => {
      order.push(`${name} in`);
      const result = await next(...args);
      order.push(`${name} out`);
      return result;
    };

  it("makes the first middleware the outermost", async () => {
    const order: string[] = [];
    const serve: Serve = async () => {
      order.push("serve");
      return { resultType: "complete" };
    };
    await compose([mark(order, "a"), mark(order, "b")], serve)(request, context);
    expect(order).toEqual(["a in", "b in", "serve", "b out", "a out"]);
  });

  it("without middleware is the function itself", () => {
    const serve: Serve = async () => ({});
    expect(compose([], serve)).toBe(serve);
  });
});

describe("basic/index#error-codes: local failures", () => {
  it("cannot be mistaken for errors received from the peer: they have no code", () => {
    const error = new TransportError("http", "502", { status: 502, cause: "why" });
    expect(error).toMatchObject({ reason: "http", status: 502, cause: "why" });
    expect("code" in error).toBe(false);
    expect(new TransportError("closed", "x").status).toBeUndefined();
  });

  it("are recognised across copies of the package", () => {
    expect(isTransportError(new TransportError("timeout", "x"))).toBe(true);
    const other = Object.assign(new Error(), { [Symbol.for("lutra.TransportError")]: true });
    expect(isTransportError(other)).toBe(true);
    for (const value of [new Error(), null, undefined, "x", { reason: "timeout" }]) {
      expect(isTransportError(value)).toBe(false);
    }
  });
});

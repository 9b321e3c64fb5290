import { expect, it, vi } from "vitest";
import type { RequestContext } from "../protocol/exchange.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { deadline } from "./deadline.ts";

const request: JSONRPCRequest = { jsonrpc: "2.0", id: 1, method: "tools/call" };

function contextOf(signal = new AbortController().signal): RequestContext {
  return { signal, notify: () => {} };
}

it("returns the result of a request that is in time", async () => {
  const serve = deadline(1000)(async () => ({ resultType: "complete" }));
  await expect(serve(request, contextOf())).resolves.toEqual({ resultType: "complete" });
});

it("aborts and rejects a request that is late", async () => {
  vi.useFakeTimers();
  let seen: AbortSignal | undefined;
  const serve = deadline(1000)((_request, context) => {
    seen = context.signal;
    return new Promise<Result>(() => {});
  });
  const outcome = expect(serve(request, contextOf())).rejects.toMatchObject({ reason: "timeout" });
  await vi.advanceTimersByTimeAsync(1000);
  await outcome;
  expect(seen?.aborted).toBe(true);
  vi.useRealTimers();
});

it("forwards the caller's abort", async () => {
  const caller = new AbortController();
  let seen: AbortSignal | undefined;
  const serve = deadline(1000)(async (_request, context) => {
    seen = context.signal;
    caller.abort();
    return {};
  });
  await serve(request, contextOf(caller.signal));
  expect(seen?.aborted).toBe(true);
});

it("rejects a deadline that is not positive", () => {
  expect(() => deadline(0)).toThrow(TypeError);
});

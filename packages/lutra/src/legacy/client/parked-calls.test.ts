import { afterEach, describe, expect, it, vi } from "vitest";
import type { Principal, RequestContext } from "../../protocol/exchange.ts";
import type { TransportError } from "../../protocol/transport-error.ts";
import { Call } from "./call.ts";
import { isContinuation, ParkedCalls } from "./parked-calls.ts";

afterEach(() => {
  vi.useRealTimers();
});

const contextOf = (id?: string): RequestContext => ({
  signal: new AbortController().signal,
  notify: () => {},
  principal: id === undefined ? undefined : ({ id } satisfies Principal),
});

const request = (requestState?: string, method = "tools/call") => ({
  jsonrpc: "2.0" as const,
  id: 1,
  method,
  params: requestState === undefined ? {} : { requestState },
});

function create(maxParked = 10) {
  const expired: TransportError[] = [];
  const onExpired = (_call: Call, error: TransportError) => void expired.push(error);
  return { parked: new ParkedCalls({ maxParked, inputWaitMs: 1000, onExpired }), expired };
}

describe("a parked call", () => {
  it("is continued once, by its caller", () => {
    const { parked } = create();
    const call = new Call(1, request());
    const state = parked.park(call, contextOf("ada"));
    expect(isContinuation(request(state))).toBe(true);
    expect(parked.take(request(state), contextOf("ada"))).toBe(call);
    expect(() => parked.take(request(state), contextOf("ada"))).toThrow(/no call waits/);
    parked.clear();
  });

  it.each([
    ["another principal", request, contextOf("bob")],
    ["a caller without a principal", request, contextOf()],
    ["another method", (state: string) => request(state, "prompts/get"), contextOf("ada")],
  ])("is not continued by %s, and goes on waiting", (_what, ask, context) => {
    const { parked } = create();
    const call = new Call(1, request());
    const state = parked.park(call, contextOf("ada"));
    expect(() => parked.take(ask(state), context)).toThrow(/of another caller/);
    expect(parked.take(request(state), contextOf("ada"))).toBe(call);
  });

  it("expires when its caller does not continue it", () => {
    vi.useFakeTimers();
    const { parked, expired } = create();
    const state = parked.park(new Call(1, request()), contextOf());
    vi.advanceTimersByTime(1000);
    expect(expired).toMatchObject([{ reason: "timeout" }]);
    expect(() => parked.take(request(state), contextOf())).toThrow(/no call waits/);
  });

  it("is refused when too many wait", () => {
    const { parked } = create(1);
    parked.park(new Call(1, request()), contextOf());
    expect(() => parked.park(new Call(2, request()), contextOf())).toThrow(/at most 1/);
    parked.clear();
  });
});

import { type JSONRPCRequest, ProtocolError, type RequestContext } from "lutra/protocol";
import { createMemoryEventBus, type EventBus, eventGapTopic } from "lutra/stores";
import { afterEach, expect, it, vi } from "vitest";
import { type ParkedOwner, ParkedRelay } from "./parked-relay.ts";

const request: JSONRPCRequest = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "ask", requestState: "sealed" },
};
const retry = { caller: "ana", request };
const contextOf = (init: Partial<RequestContext> = {}): RequestContext => ({
  signal: new AbortController().signal,
  notify: () => {},
  ...init,
});

const relays: ParkedRelay[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const relay of relays.splice(0)) relay.close();
});

/** Creates the relays of two processes. */
function relaysOn(bus: EventBus = createMemoryEventBus()) {
  const [one, other] = [bus, bus].map((shared) => new ParkedRelay(shared, () => {}));
  if (one === undefined || other === undefined) throw new Error("expected two relays");
  relays.push(one, other);
  return { one, other };
}

/** Holds calls under the name of the tests. */
function own(relay: ParkedRelay, serve: ParkedOwner["serve"], isHolding = () => false): void {
  relay.own("holder", { serve, isHolding });
}

/** Creates the relays of two processes, of which the bus of the second can be interrupted. */
function relaysWithCut() {
  const [first, second] = [createMemoryEventBus(), createMemoryEventBus()];
  let isCut = false;
  const toSecond: EventBus = {
    subscribe: first.subscribe,
    publish: (topic, event) => {
      void first.publish(topic, event);
      if (!isCut) void second.publish(topic, event);
    },
  };
  const toFirst: EventBus = {
    subscribe: second.subscribe,
    publish: async (topic, event) => {
      void second.publish(topic, event);
      if (isCut) throw new Error("the bus is interrupted");
      void first.publish(topic, event);
    },
  };
  const [one, other] = [new ParkedRelay(toSecond, () => {}), new ParkedRelay(toFirst, () => {})];
  relays.push(one, other);
  const cut = () => {
    isCut = true;
  };
  const mend = () => {
    isCut = false;
    void second.publish(eventGapTopic, {});
  };
  return { one, other, cut, mend };
}

/** A bus that loses the events that the test names. */
function lossyBus(isLost: (event: { readonly kind?: unknown }) => boolean): EventBus {
  const bus = createMemoryEventBus();
  return {
    subscribe: bus.subscribe,
    publish: (topic, event) => (isLost(event) ? undefined : bus.publish(topic, event)),
  };
}

it("serves a retry at the process that holds the call, with its caller and its notifications", async () => {
  const { one, other } = relaysOn();
  const seen: unknown[] = [];
  own(other, async (received, { notify, principal }) => {
    seen.push(received, principal);
    for (const progress of [1, 2, 3]) {
      void notify({ jsonrpc: "2.0", method: "notifications/progress", params: { progress } });
    }
    return { resultType: "complete", content: [] };
  });
  const notified: unknown[] = [];
  const notify: RequestContext["notify"] = ({ params }) => void notified.push(params?.progress);
  const context = contextOf({ notify, principal: { id: "ana" } });
  const result = one.send("holder", retry, context).then((value) => [value, [...notified]]);
  expect(await result).toEqual([{ resultType: "complete", content: [] }, [1, 2, 3]]);
  expect(seen).toEqual([retry, { id: "ana" }]);
});

it("serves a retry to its end although its caller can't take notifications", async () => {
  const { one, other } = relaysOn();
  own(other, async (_retry, { notify }) => {
    void notify({ jsonrpc: "2.0", method: "notifications/progress", params: { progress: 1 } });
    return { resultType: "complete" };
  });
  const failing = [
    () => {
      throw new Error("the stream has ended");
    },
    () => Promise.reject(new Error("the stream has ended")),
  ];
  for (const notify of failing) {
    const sent = one.send("holder", retry, contextOf({ notify }));
    expect(await sent).toEqual({ resultType: "complete" });
  }
});

it("rejects with the error of the call, and its status", async () => {
  const { one, other } = relaysOn();
  own(other, async () => {
    throw new ProtocolError("invalidParams", "params.x: expected a string", { status: 400 });
  });
  await expect(one.send("holder", retry, contextOf())).rejects.toMatchObject({
    code: -32602,
    message: "params.x: expected a string",
  });
});

it("says that the call may have run when no process holds it", async () => {
  vi.useFakeTimers();
  const { one } = relaysOn();
  const sent = one.send("gone", retry, contextOf());
  const expected = expect(sent).rejects.toMatchObject({
    code: -32602,
    message: expect.stringContaining("may have been executed"),
  });
  await vi.advanceTimersByTimeAsync(10_000);
  await expected;
});

it("says so when the process ends in the middle of the call", async () => {
  vi.useFakeTimers();
  const { one, other } = relaysOn();
  own(other, () => new Promise(() => {}));
  const sent = one.send("holder", retry, contextOf());
  const expected = expect(sent).rejects.toMatchObject({
    message: expect.stringContaining("may have been executed"),
  });
  await vi.advanceTimersByTimeAsync(30_000);
  other.close();
  await vi.advanceTimersByTimeAsync(20_000);
  await expected;
});

it.each(["retry", "taken", "end", "confirmed"])(
  "runs the call once although the bus loses the first message: %s",
  async (lost) => {
    vi.useFakeTimers();
    let losses = 0;
    const bus = lossyBus(({ kind }) => {
      if (kind !== lost || losses > 0) return false;
      losses += 1;
      return true;
    });
    const { one, other } = relaysOn(bus);
    const serve = vi.fn(async () => ({ resultType: "complete" }));
    own(other, serve);
    const sent = one.send("holder", retry, contextOf());
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await sent).toEqual({ resultType: "complete" });
    expect(serve).toHaveBeenCalledOnce();
    expect(losses).toBe(1);
  },
);

it.each(["the process with the caller", "the process that holds the call"])(
  "serves a retry once, after the bus of %s was interrupted for 40 seconds",
  async (place) => {
    vi.useFakeTimers();
    const { one, other, cut, mend } = relaysWithCut();
    const [holder, sender] = place.includes("caller") ? [one, other] : [other, one];
    const serve = vi.fn(async () => ({ resultType: "complete" }));
    own(holder, serve);
    cut();
    const sent = sender.send("holder", retry, contextOf());
    await vi.advanceTimersByTimeAsync(place.includes("caller") ? 40_000 : 7000);
    mend();
    await vi.advanceTimersByTimeAsync(0);
    expect(await sent).toEqual({ resultType: "complete" });
    expect(serve).toHaveBeenCalledOnce();
  },
);

it("returns the outcome of a call during which the bus was interrupted for 40 seconds", async () => {
  vi.useFakeTimers();
  const { one, other, cut, mend } = relaysWithCut();
  let finish = () => {};
  const serve = vi.fn(async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return { resultType: "complete" };
  });
  own(one, serve);
  const sent = other.send("holder", retry, contextOf());
  await vi.advanceTimersByTimeAsync(1000);
  cut();
  await vi.advanceTimersByTimeAsync(35_000);
  finish();
  await vi.advanceTimersByTimeAsync(5000);
  mend();
  await vi.advanceTimersByTimeAsync(0);
  expect(await sent).toEqual({ resultType: "complete" });
  expect(serve).toHaveBeenCalledOnce();
});

it.each([0, 1000])(
  "fails after a minute without a bus, which begins %i ms after the retry",
  async (ms) => {
    vi.useFakeTimers();
    const { one, other, cut } = relaysWithCut();
    own(one, () => new Promise(() => {}));
    if (ms === 0) cut();
    const sent = other.send("holder", retry, contextOf());
    const expected = expect(sent).rejects.toMatchObject({
      status: 503,
      message: expect.stringContaining("may have been executed"),
    });
    await vi.advanceTimersByTimeAsync(ms);
    cut();
    await vi.advanceTimersByTimeAsync(70_000);
    await expected;
  },
);

it("returns the outcome although the bus never confirms that it has sent a message", async () => {
  const bus = createMemoryEventBus();
  const silent: EventBus = {
    subscribe: bus.subscribe,
    publish: (topic, event) => {
      void bus.publish(topic, event);
      return new Promise(() => {});
    },
  };
  const { one, other } = relaysOn(silent);
  let finish = () => {};
  own(other, async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return { resultType: "complete" };
  });
  const sent = one.send("holder", retry, contextOf());
  await vi.waitFor(() => finish());
  finish();
  expect(await sent).toEqual({ resultType: "complete" });
});

it("cancels a call whose caller's process has died", async () => {
  vi.useFakeTimers();
  const { one, other } = relaysOn();
  const aborted = vi.fn();
  own(other, (_retry, { signal }) => {
    signal.addEventListener("abort", aborted);
    return new Promise(() => {});
  });
  void one.send("holder", retry, contextOf()).catch(() => {});
  await vi.advanceTimersByTimeAsync(300_000);
  expect(aborted).not.toHaveBeenCalled();
  one.close();
  await vi.advanceTimersByTimeAsync(80_000);
  expect(aborted).toHaveBeenCalledOnce();
});

it("is released once no call waits for a retry and no retry is being served", async () => {
  vi.useFakeTimers();
  const { one, other } = relaysOn();
  let isHolding = true;
  let finish = () => {};
  const serve = async () => {
    isHolding = false;
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return { resultType: "complete" };
  };
  own(other, serve, () => isHolding);
  const released = vi.fn();
  void other.untilReleased(5000).then(released);
  await vi.advanceTimersByTimeAsync(1000);
  const sent = one.send("holder", retry, contextOf());
  await vi.advanceTimersByTimeAsync(1000);
  expect(released).not.toHaveBeenCalled();
  finish();
  await vi.advanceTimersByTimeAsync(100);
  expect(await sent).toEqual({ resultType: "complete" });
  expect(released).toHaveBeenCalledOnce();
});

it("counts as released after the given time", async () => {
  vi.useFakeTimers();
  const { other } = relaysOn();
  own(
    other,
    async () => ({}),
    () => true,
  );
  const released = vi.fn();
  void other.untilReleased(5000).then(released);
  await vi.advanceTimersByTimeAsync(4900);
  expect(released).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(released).toHaveBeenCalledOnce();
});

it("aborts the call when its caller disconnects", async () => {
  const { one, other } = relaysOn();
  const aborted = vi.fn();
  own(other, (_retry, { signal }) => {
    signal.addEventListener("abort", aborted);
    return new Promise(() => {});
  });
  const controller = new AbortController();
  const sent = one.send("holder", retry, contextOf({ signal: controller.signal }));
  controller.abort();
  await expect(sent).rejects.toMatchObject({ reason: "aborted" });
  expect(aborted).toHaveBeenCalledOnce();
});

it("aborts the call of a caller that disconnects while the bus is interrupted", async () => {
  vi.useFakeTimers();
  const { one, other, cut, mend } = relaysWithCut();
  const signals: AbortSignal[] = [];
  own(other, (_retry, { signal }) => {
    signals.push(signal);
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
  const caller = new AbortController();
  const sent = one.send("holder", retry, contextOf({ signal: caller.signal }));
  sent.catch(() => {});
  await vi.advanceTimersByTimeAsync(10);
  cut();
  caller.abort();
  await vi.advanceTimersByTimeAsync(5000);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  mend();
  await vi.advanceTimersByTimeAsync(10);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  await expect(sent).rejects.toThrow();
});

it("refuses retries that are too large to keep", async () => {
  const { one } = relaysOn();
  const params = { name: "ask", requestState: "sealed", text: "x".repeat(34_000_000) };
  await expect(
    one.send("holder", { ...retry, request: { ...request, params } }, contextOf()),
  ).rejects.toMatchObject({ status: 503 });
});

it("reports a bus that fails, once", async () => {
  vi.useFakeTimers();
  const onError = vi.fn();
  const bus: EventBus = {
    subscribe: () => () => {},
    publish: () => Promise.reject(new Error("no connection")),
  };
  const relay = new ParkedRelay(bus, onError);
  relays.push(relay);
  const sent = relay.send("holder", retry, contextOf()).catch(() => {});
  await vi.advanceTimersByTimeAsync(60_000);
  await sent;
  expect(onError).toHaveBeenCalledExactlyOnceWith(new Error("no connection"));
});

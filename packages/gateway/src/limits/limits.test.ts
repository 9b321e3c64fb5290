import { isProtocolError } from "lutra/protocol";
import { describe, expect, it, vi } from "vitest";
import type { ExchangeRecord } from "../exchange-record.ts";
import { limited } from "./fixtures/limited-upstream.ts";
import { createLimits } from "./limits.ts";

const once = { rate: { requests: 1, perMs: 60_000 } };
const beyond = { reason: "internalError", code: -32603, status: 429 };

describe("a rate", () => {
  it("refuses requests above it with retryAfterMs", async () => {
    const { call, clock, requests } = limited([{ rate: { requests: 2, perMs: 10_000 } }]);
    await call();
    await call();
    await expect(call()).rejects.toMatchObject({
      ...beyond,
      message: "Too many requests",
      retryAfterMs: 5000,
      data: { retryAfterMs: 5000 },
    });
    clock.advance(5000);
    await call();
    expect(requests).toHaveLength(3);
  });

  it.each([
    ["principal", { principal: "ada" }, { principal: "bo" }],
    ["address", { address: "192.0.2.1" }, { address: "192.0.2.2" }],
    ["tool", { name: "a" }, { name: "b" }],
    ["param:Country", { headers: ["Mcp-Param-Country", "fr"] }, {}],
  ] as const)("per %s counts each by itself", async (per, one, other) => {
    const { call } = limited([{ ...once, per: [per] }]);
    await call(one);
    await call(other);
    await expect(call(one)).rejects.toMatchObject(beyond);
  });

  it("per principal counts callers without one by their address", async () => {
    const { call } = limited([{ ...once, per: ["principal"] }]);
    await call({ address: "192.0.2.1" });
    await call({ address: "192.0.2.1", principal: "ada" });
    await call({ address: "192.0.2.2" });
    await expect(call({ address: "192.0.2.1" })).rejects.toMatchObject(beyond);
  });

  it("per tool is not evaded by names on a method without a name field", async () => {
    const { call } = limited([{ ...once, per: ["principal", "tool"] }]);
    await call({ method: "tools/list", name: "a" });
    await expect(call({ method: "tools/list", name: "b" })).rejects.toMatchObject(beyond);
  });

  it("counts only what it matches", async () => {
    const { call } = limited([{ ...once, match: { method: "tools/call", name: "slow-*" } }]);
    await call({ name: "slow-a" });
    await call({ name: "fast" });
    await call({ name: "slow-a", method: "prompts/get" });
    await expect(call({ name: "slow-b" })).rejects.toMatchObject(beyond);
  });

  it("counts a task once, because polling it uses another method", async () => {
    const match = { method: "tools/call" };
    const { call, requests } = limited([{ ...once, match }], ({ method }) => ({
      resultType: method === "tools/call" ? "task" : "complete",
    }));
    await call();
    for (let count = 0; count < 20; count += 1) await call({ method: "tasks/get", name: "task 1" });
    expect(requests).toHaveLength(21);
  });

  it("is not reduced by requests that another limit refuses", async () => {
    const { call } = limited([
      { rate: { requests: 3, perMs: 60_000 } },
      { ...once, per: ["principal"] },
    ]);
    await call({ principal: "ada" });
    for (let count = 0; count < 50; count += 1) {
      await expect(call({ principal: "ada" })).rejects.toMatchObject(beyond);
    }
    await call({ principal: "bo" });
    await call({ principal: "cy" });
    await expect(call({ principal: "di" })).rejects.toMatchObject(beyond);
  });

  it("counts a request that fails", async () => {
    const { call } = limited([once], () => {
      throw new Error("failed");
    });
    await expect(call()).rejects.toThrow("failed");
    await expect(call()).rejects.toMatchObject(beyond);
  });
});

describe("a concurrency limit", () => {
  /** Calls that stay open until the test ends them. */
  function open(concurrency = 1) {
    const ends: { resolve: (result: unknown) => void; reject: (error: unknown) => void }[] = [];
    const server = limited(
      [{ concurrency }],
      (_request, { signal }) =>
        new Promise((resolve, reject) => {
          ends.push({ resolve, reject });
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    );
    return { ...server, ends };
  }

  it("refuses requests above it with retryAfterMs", async () => {
    const { call, requests } = open(2);
    void call();
    void call();
    await expect(call()).rejects.toMatchObject({ ...beyond, retryAfterMs: 1000 });
    expect(requests).toHaveLength(2);
  });

  it.each(["result", "failure", "abort"] as const)("releases its slot after a %s", async (way) => {
    const { call, ends, requests } = open();
    for (let count = 0; count < 3; count += 1) {
      const controller = new AbortController();
      const first = call({ signal: controller.signal }).catch(() => {});
      await expect(call()).rejects.toMatchObject(beyond);
      if (way === "result") ends.at(-1)?.resolve({ resultType: "complete" });
      else if (way === "failure") ends.at(-1)?.reject(new Error("failed"));
      else controller.abort(new Error("gone"));
      await first;
    }
    expect(requests).toHaveLength(3);
  });

  it("releases its slot when a rate refuses", async () => {
    const { call } = limited([{ concurrency: 1 }, once]);
    await call();
    await expect(call()).rejects.toMatchObject({ retryAfterMs: 60_000 });
    await expect(call()).rejects.toMatchObject({ retryAfterMs: 60_000 });
  });

  it("releases its slot when a later limit refuses", async () => {
    const { call, requests } = limited(
      [{ concurrency: 2 }, { concurrency: 1, per: ["tool"] }],
      ({ params }) => (params?.name === "slow" ? new Promise(() => {}) : { resultType: "x" }),
    );
    void call({ name: "slow" });
    await expect(call({ name: "slow" })).rejects.toMatchObject(beyond);
    await call({ name: "fast" });
    expect(requests).toHaveLength(2);
  });

  it("does not count a refused request against a rate", async () => {
    const ends: (() => void)[] = [];
    const { call } = limited(
      [{ concurrency: 1, rate: { requests: 2, perMs: 60_000 } }],
      () => new Promise((resolve) => ends.push(() => resolve({ resultType: "complete" }))),
    );
    for (let count = 1; count <= 2; count += 1) {
      const answer = call();
      await vi.waitFor(() => expect(ends).toHaveLength(count));
      await expect(call()).rejects.toMatchObject({ retryAfterMs: 1000 });
      ends.at(-1)?.();
      await answer;
    }
    await expect(call()).rejects.toMatchObject({ retryAfterMs: 30_000 });
  });
});

it("records the reason for refusing a request", async () => {
  const { call } = limited([once]);
  const record = { reason: undefined } as ExchangeRecord;
  await call({ record });
  expect(record.reason).toBeUndefined();
  await expect(call({ record })).rejects.toSatisfy(isProtocolError);
  expect(record.reason).toBe("limit");
});

it("does not limit the gateway's own requests", async () => {
  const keys = [{ id: "a", secret: new Uint8Array(32) }];
  const upstream = vi.fn(async () => ({}));
  const serve = createLimits([{ per: [], ...once }], { keys })(upstream);
  const context = { signal: new AbortController().signal, notify: () => {} };
  for (let count = 0; count < 3; count += 1) {
    await serve({ jsonrpc: "2.0", id: count, method: "tools/list" }, context);
  }
  expect(upstream).toHaveBeenCalledTimes(3);
});

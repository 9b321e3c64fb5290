import { describe, expect, it, vi } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { createNotificationBuffer, maxWaiting, maxWaitingBytes } from "./notification-buffer.ts";

function buffer() {
  const onDrop = vi.fn();
  const { push, take } = createNotificationBuffer(onDrop);
  const rest = () => {
    const all: JSONRPCNotification[] = [];
    for (let next = take(); next !== undefined; next = take()) all.push(next);
    return all;
  };
  return { push, rest, onDrop };
}

function updated(params: JSONObject): JSONRPCNotification {
  return { jsonrpc: "2.0", method: "notifications/resources/updated", params };
}

describe("a notification buffer", () => {
  it("keeps one of equal notifications, the latest", () => {
    const { push, rest } = buffer();
    const last = updated({ _meta: { id: 2 }, b: 2, a: 1 });
    push(updated({ a: 1, b: 2, _meta: { id: 1 } }));
    push(updated({ a: 2 }));
    push(last);
    expect(rest()).toEqual([last, updated({ a: 2 })]);
  });

  it("drops the oldest beyond its number", () => {
    const { push, rest, onDrop } = buffer();
    for (let n = 0; n < maxWaiting + 2; n += 1) push(updated({ n }));
    expect(onDrop).toHaveBeenCalledTimes(2);
    expect(rest()[0]).toEqual(updated({ n: 2 }));
  });

  it("drops the oldest beyond its bytes", () => {
    const { push, rest, onDrop } = buffer();
    const text = "x".repeat(maxWaitingBytes / 10);
    for (let n = 0; n < 20; n += 1) push(updated({ n, text }));
    expect(rest()).toHaveLength(9);
    expect(onDrop).toHaveBeenCalledTimes(11);
  });

  it("keeps the latest, even if it is larger than the bytes of all", () => {
    const { push, rest } = buffer();
    const large = updated({ text: "x".repeat(maxWaitingBytes + 1) });
    push(updated({}));
    push(large);
    expect(rest()).toEqual([large]);
  });

  it("takes notifications of any depth", () => {
    const { push, rest } = buffer();
    const nested = JSON.parse("[".repeat(50_000) + "]".repeat(50_000));
    push(updated({ nested }));
    push(updated({ nested }));
    expect(rest()).toHaveLength(2);
  });
});

import { describe, expect, it } from "vitest";
import { SubscriptionTable } from "./subscription-table.ts";

const limits = { maxSubscriptions: 20, maxSubscriptionBytes: 1000, callerShare: 0.1 };
const refused = { status: 429, code: -32603, retryAfterMs: 10_000 };

describe("the table of subscriptions", () => {
  it("refuses a caller with too many, and accepts others", () => {
    const table = new SubscriptionTable(limits);
    const leave = table.enter("ada", 1);
    table.enter("ada", 1);
    expect(() => table.enter("ada", 1)).toThrow(expect.objectContaining(refused));
    table.enter("bo", 1);
    leave();
    table.enter("ada", 1);
  });

  it("refuses a caller whose subscriptions are too large, and accepts others", () => {
    const table = new SubscriptionTable(limits);
    expect(() => table.enter("ada", 101)).toThrow(expect.objectContaining(refused));
    const leave = table.enter("ada", 60);
    expect(() => table.enter("ada", 60)).toThrow(expect.objectContaining(refused));
    table.enter("bo", 60);
    leave();
    table.enter("ada", 60);
  });

  it("refuses all callers when the server has too many", () => {
    const table = new SubscriptionTable({ ...limits, callerShare: 1 });
    const all = Array.from({ length: 20 }, () => table.enter("ada", 1));
    expect(() => table.enter("bo", 1)).toThrow(expect.objectContaining(refused));
    for (const leave of all) leave();
    table.enter("bo", 1000);
    expect(() => table.enter("ada", 1)).toThrow(expect.objectContaining(refused));
  });

  it("accepts one subscription of each caller, however small its share is", () => {
    const table = new SubscriptionTable({ ...limits, maxSubscriptions: 2 });
    table.enter("ada", 1);
    table.enter("bo", 1);
    expect(() => table.enter("cy", 1)).toThrow(expect.objectContaining(refused));
  });
});

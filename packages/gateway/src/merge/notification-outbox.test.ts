import type { JSONRPCNotification } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { NotificationOutbox } from "./notification-outbox.ts";

const numbered = (n: number): JSONRPCNotification => ({
  jsonrpc: "2.0",
  method: "n",
  params: { n, _meta: {} },
});

describe("a notification outbox", () => {
  it("sends nothing until it is opened", () => {
    const sent: unknown[] = [];
    const outbox = new NotificationOutbox(
      ({ params }) => void sent.push(params?.n),
      () => {},
    );
    outbox.push(numbered(1));
    expect(sent).toEqual([]);
    outbox.open(numbered(0));
    outbox.push(numbered(2));
    expect(sent).toEqual([0, 1, 2]);
  });

  it("drops the oldest notification above the limit, with a warning", () => {
    const sent: unknown[] = [];
    const warnings: string[] = [];
    const outbox = new NotificationOutbox(
      ({ params }) => void sent.push(params?.n),
      (w) => warnings.push(w),
    );
    for (let n = 1; n <= 1001; n += 1) outbox.push(numbered(n));
    outbox.open(numbered(0));
    expect(sent).toHaveLength(1001);
    expect(sent.slice(0, 2)).toEqual([0, 2]);
    expect(warnings).toHaveLength(1);
  });

  it("sends nothing after an error of the transport", async () => {
    const sent: unknown[] = [];
    const outbox = new NotificationOutbox(
      async ({ params }) => {
        sent.push(params?.n);
        throw new Error("gone");
      },
      () => {},
    );
    outbox.open(numbered(0));
    outbox.push(numbered(1));
    await new Promise((resolve) => setImmediate(resolve));
    outbox.push(numbered(2));
    expect(sent).toEqual([0]);
  });
});

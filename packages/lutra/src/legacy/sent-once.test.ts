import { describe, expect, it } from "vitest";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { type NotificationPlace, placed } from "../server/handler/notification-place.ts";
import { SentOnce } from "./sent-once.ts";

const log = (data: unknown): JSONRPCNotification => ({
  jsonrpc: "2.0",
  method: "notifications/message",
  params: { level: "info", data },
});
const progress = (value: number, total = 9): JSONRPCNotification => ({
  jsonrpc: "2.0",
  method: "notifications/progress",
  params: { progressToken: "p", progress: value, total },
});

const at = (place: NotificationPlace, data: unknown) => placed(log(data), place);

/** Runs executions one after the other. Returns what was sent in each. */
function run(...executions: (readonly JSONRPCNotification[])[]): JSONRPCNotification[][] {
  let sent: JSONRPCNotification[] = [];
  const once = new SentOnce({ notify: (notification) => void sent.push(notification) });
  return executions.map((notifications) => {
    sent = [];
    once.replay();
    for (const notification of notifications) void once.notify(notification);
    return sent;
  });
}

describe("SentOnce", () => {
  it("sends what the next execution repeats once", () => {
    const [a, b, c] = [log("a"), log("b"), log("c")];
    expect(run([a], [a, b], [a, b, c])).toEqual([[a], [b], [c]]);
  });

  it("sends equal notifications of one execution as often as they occur", () => {
    expect(run([log("a"), log("a")], [log("a"), log("a"), log("a")])).toEqual([
      [log("a"), log("a")],
      [log("a")],
    ]);
  });

  it("sends everything from the place on at which executions differ", () => {
    const [a, b, c] = [log("a"), log("b"), log("c")];
    expect(run([a, b], [c, b])).toEqual([
      [a, b],
      [c, b],
    ]);
  });

  it("the progress value MUST increase with each notification, also where executions differ", () => {
    const executions = run(
      [log(1), progress(1), progress(2)],
      [log(2), progress(1), progress(2), progress(3)],
      [log(3), progress(2.5), progress(4)],
    );
    expect(executions).toEqual([
      [log(1), progress(1), progress(2)],
      [log(2), progress(3)],
      [log(3), progress(4)],
    ]);
  });

  it("compares at most 1000 notifications", () => {
    const many = Array.from({ length: 1500 }, (_, index) => log(index));
    const [first, second] = run(many, many);
    expect([first?.length, second?.length]).toEqual([1500, 500]);
  });

  it("compares at most about 1,000,000 characters", () => {
    const many = Array.from({ length: 20 }, (_, index) => log(`${index}${"x".repeat(100_000)}`));
    const [, second] = run(many, many);
    expect(second?.length).toBe(10);
  });

  it("recognises a notification by its place, although its text differs", () => {
    const executions = run(
      [at(0, "at 9:00"), at(0, "same")],
      [at(0, "at 9:01"), at(0, "same"), at(2, "done")],
    );
    expect(executions).toEqual([[log("at 9:00"), log("same")], [log("done")]]);
  });

  it("sends an equal notification at another place", () => {
    expect(run([at(1, "x")], [at(4, "x")], [at(4, "x"), at(6, "x")])).toEqual([
      [log("x")],
      [log("x")],
      [log("x")],
    ]);
  });

  it("sends all notifications of an execution that repeats none", () => {
    expect(run([at("new", "x")], [at("new", "x")])).toEqual([[log("x")], [log("x")]]);
  });

  it("compares at most 1000 places", () => {
    const many = Array.from({ length: 1500 }, (_, index) => at(index, "x"));
    const [first, second] = run(many, many);
    expect([first?.length, second?.length]).toEqual([1500, 500]);
  });
});

/** The limits of the history and of the messages, and the masks of secrets. */
import { describe, expect, it } from "vitest";
import { maskHeaders } from "./mask-headers.ts";
import { createRuns } from "./runs.ts";
import { createWireLog } from "./wire-log.ts";
import { maxTextLength, textPart } from "./wire-message.ts";

describe("the history", () => {
  const ended = (text: string) => ({ state: "done", endedAt: 1, result: { text } }) as const;

  it("keeps the last 200 calls that have ended, and all that run", () => {
    const runs = createRuns(() => {});
    const first = runs.create("tool", "still running", {});
    for (let count = 0; count < 300; count += 1) {
      runs.update(runs.create("tool", "t", {}).id, ended("a"));
    }
    expect(runs.summaries()).toHaveLength(200);
    expect(runs.get(first.id)?.state).toBe("running");
    expect(runs.summaries()[0]?.id).toBe(301);
  });

  it("removes the oldest results above 64 MiB, and never the newest", () => {
    const runs = createRuns(() => {});
    const large = "a".repeat(40 * 1024 * 1024);
    const first = runs.create("tool", "t", {});
    runs.update(first.id, ended(large));
    const second = runs.create("tool", "t", {});
    runs.update(second.id, ended(large));
    expect(runs.get(first.id)).toBeUndefined();
    expect(runs.get(second.id)?.result).toEqual({ text: large });
  });

  it("increases the revision with each change, and reports it without the result", () => {
    const changes: object[] = [];
    const runs = createRuns((run) => changes.push(run));
    const { id } = runs.create("tool", "t", {});
    runs.update(id, ended("a"));
    expect(changes).toMatchObject([{ revision: 1 }, { revision: 2, state: "done" }]);
    expect(changes[1]).not.toHaveProperty("result");
  });

  it("keeps the last 500 log messages of a call", () => {
    const runs = createRuns(() => {});
    const { id } = runs.create("tool", "t", {});
    for (let count = 1; count <= 600; count += 1) runs.log(id, { level: "info", data: count });
    const logs = runs.get(id)?.logs ?? [];
    expect(logs).toHaveLength(500);
    expect(logs.at(-1)?.data).toBe(600);
  });

  it("clears the calls that have ended", () => {
    const runs = createRuns(() => {});
    const running = runs.create("tool", "t", {});
    runs.update(runs.create("tool", "t", {}).id, ended("a"));
    runs.clear();
    expect(runs.summaries().map(({ id }) => id)).toEqual([running.id]);
  });
});

describe("the messages", () => {
  it("keeps the last 2000, each with the call to which it belongs", async () => {
    const log = createWireLog(() => {});
    for (let count = 0; count < 2100; count += 1) log.record({ direction: "sent", text: "a" });
    await log.within(7, async () => {
      await Promise.resolve();
      log.record({ direction: "received", text: "b" });
    });
    expect(log.messages()).toHaveLength(2000);
    expect(log.messages(7)).toMatchObject([{ id: 2101, text: "b", runId: 7 }]);
  });

  it("keeps at most 32 Mi characters", () => {
    const log = createWireLog(() => {});
    const text = "a".repeat(maxTextLength);
    for (let count = 0; count < 200; count += 1) log.record({ direction: "sent", text });
    expect(log.messages()).toHaveLength(128);
  });

  it("cuts a long text, and says so", () => {
    expect(textPart("abc")).toEqual({ text: "abc" });
    expect(textPart("a".repeat(maxTextLength + 1))).toEqual({
      text: "a".repeat(maxTextLength),
      isCut: true,
    });
  });
});

describe("headers", () => {
  it.each([
    ["authorization", "Bearer abc", "Bearer ••••••"],
    ["Authorization", "abc", "••••••"],
    ["cookie", "a=b", "••••••"],
    ["x-api-key", "abc", "••••••"],
    ["Mcp-Session-Id", "abc", "••••••"],
    ["x-access-token", "abc", "••••••"],
    ["mcp-method", "tools/call", "tools/call"],
  ])("shows %s: %s as %s", (name, value, shown) => {
    expect(maskHeaders(new Headers({ [name]: value }))).toEqual([[name.toLowerCase(), shown]]);
  });
});

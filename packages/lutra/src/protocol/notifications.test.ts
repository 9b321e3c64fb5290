/** The small notifications: progress, log messages, cancellation, subscriptions. */
import { describe, expect, it } from "vitest";
import { cancelledNotification, cancelledRequestId } from "./cancellation.ts";
import { isAtLeast, isLoggingLevel, readLogMessage } from "./logging.ts";
import { progressNotification, readProgress } from "./progress.ts";
import { listChangedMethods, subscriptionIdOf, withSubscriptionId } from "./subscriptions.ts";

const key = "io.modelcontextprotocol/subscriptionId";
const notification = (method: string, params?: Record<string, unknown>) =>
  ({ jsonrpc: "2.0", method, params }) as const;

describe("basic/patterns/progress#progress-flow", () => {
  it("a notification has the original token, progress, an optional total and message", () => {
    const progress = { progress: 0.5, total: 1, message: "Reticulating splines" };
    const sent = progressNotification("abc", progress);
    expect(sent).toEqual(
      notification("notifications/progress", { progressToken: "abc", ...progress }),
    );
    expect(readProgress(sent, "abc")).toEqual(progress);
  });

  it.each([
    ["another token", notification("notifications/progress", { progressToken: "b", progress: 1 })],
    [
      "the token as text",
      notification("notifications/progress", { progressToken: "1", progress: 1 }),
    ],
    ["no number", notification("notifications/progress", { progressToken: 1, progress: "1" })],
    ["no params", notification("notifications/progress")],
    ["another method", notification("notifications/message", { progressToken: 1, progress: 1 })],
  ])("is not read from %s", (_what, received) => {
    expect(readProgress(received, 1)).toBeUndefined();
  });

  it("leaves out what has another type", () => {
    const params = { progressToken: 1, progress: 1, total: "2", message: 3 };
    expect(readProgress(notification("notifications/progress", params), 1)).toEqual({
      progress: 1,
    });
  });
});

const levels = [
  "debug",
  "info",
  "notice",
  "warning",
  "error",
  "critical",
  "alert",
  "emergency",
] as const;

describe("server/utilities/logging#log-levels", () => {
  it.each(levels.map((level, index) => [level, index] as const))(
    "%s is at or above the levels before it, and below those after it",
    (level, index) => {
      expect(levels.filter((threshold) => isAtLeast(level, threshold))).toEqual(
        levels.slice(0, index + 1),
      );
    },
  );

  it("are the eight of RFC 5424, in lower case", () => {
    for (const level of levels) expect(isLoggingLevel(level)).toBe(true);
    for (const other of ["warn", "DEBUG", "trace", ""]) expect(isLoggingLevel(other)).toBe(false);
  });

  it.each([[undefined], [null], [3], ["hasOwnProperty"], ["__proto__"]])(
    "%s is not a level",
    (value) => {
      expect(isLoggingLevel(value)).toBe(false);
    },
  );

  it("a message is read from its notification, and from no other", () => {
    const params = { level: "error", logger: "db", data: { error: "lost" } };
    expect(readLogMessage(notification("notifications/message", params))).toEqual(params);
    expect(readLogMessage(notification("notifications/progress", params))).toBeUndefined();
    expect(readLogMessage(notification("notifications/message", { data: 1 }))).toBeUndefined();
  });
});

describe("basic/patterns/cancellation#cancellation-flow", () => {
  it("contains the ID of the request and an optional reason", () => {
    expect(cancelledNotification("123", "User requested cancellation").params).toEqual({
      requestId: "123",
      reason: "User requested cancellation",
    });
    expect(cancelledNotification(1).params).toEqual({ requestId: 1 });
    expect(cancelledRequestId(cancelledNotification(0))).toBe(0);
  });

  it.each([
    ["no params", notification("notifications/cancelled")],
    ["no ID", notification("notifications/cancelled", { reason: "x" })],
    ["an ID that is null", notification("notifications/cancelled", { requestId: null })],
    ["a fractional ID", notification("notifications/cancelled", { requestId: 1.5 })],
    ["another method", notification("notifications/progress", { requestId: 1 })],
  ])("invalid notifications SHOULD be ignored: %s", (_what, received) => {
    expect(cancelledRequestId(received)).toBeUndefined();
  });
});

describe("basic/patterns/subscriptions#receiving-notifications", () => {
  it("all notifications carry the subscription's ID in addition to their other _meta members", () => {
    const params = withSubscriptionId({ uri: "a:b", _meta: { "com.example/x": 1 } }, 7);
    expect(params).toEqual({ uri: "a:b", _meta: { "com.example/x": 1, [key]: 7 } });
    expect(subscriptionIdOf(notification("x", params))).toBe(7);
    expect(withSubscriptionId(undefined, "s")).toEqual({ _meta: { [key]: "s" } });
    expect(withSubscriptionId({ _meta: "nonsense" }, 0)).toEqual({ _meta: { [key]: 0 } });
  });

  it.each([[undefined], [{}], [{ _meta: null }], [{ _meta: {} }], [{ _meta: { [key]: null } }]])(
    "%j has none",
    (params) => {
      expect(subscriptionIdOf(notification("x", params))).toBeUndefined();
    },
  );

  it("the filter's members and the methods they switch on", () => {
    expect(listChangedMethods).toEqual({
      toolsListChanged: "notifications/tools/list_changed",
      promptsListChanged: "notifications/prompts/list_changed",
      resourcesListChanged: "notifications/resources/list_changed",
    });
  });
});

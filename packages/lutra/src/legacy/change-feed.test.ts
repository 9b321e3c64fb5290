import { describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../protocol/errors.ts";
import type { RequestContext, Serve } from "../protocol/exchange.ts";
import type { JSONRPCNotification, JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { withSubscriptionId } from "../protocol/subscriptions.ts";
import { ChangeFeed, followsLast } from "./change-feed.ts";
import { createSession } from "./session.ts";

const session = createSession(
  { version: "2025-11-25", capabilities: {}, clientInfo: {} },
  Number.POSITIVE_INFINITY,
);

interface Subscription {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly end: () => void;
  readonly notify: (method: string, params?: object) => void;
}

/** A server that accepts what `accepted` has, and whose notifications the test sends. */
function create(accepted: object, isResumed = false) {
  const subscriptions: Subscription[] = [];
  const sent: JSONRPCNotification[] = [];
  const onEnd = vi.fn();
  const serve: Serve = (request, context) =>
    new Promise<Result>((resolve, reject) => {
      const notify = (method: string, params = {}) =>
        void context.notify({
          jsonrpc: "2.0",
          method,
          params: withSubscriptionId(params as never, request.id),
        });
      const end = () => resolve({ resultType: "complete" });
      subscriptions.push({ request, context, end, notify });
      context.signal.addEventListener("abort", () => reject(new Error("aborted")));
      notify("notifications/subscriptions/acknowledged", { notifications: accepted });
    });
  const send = (notification: JSONRPCNotification) => void sent.push(notification);
  const options = { serve, session, context: {}, send, onEnd, isResumed };
  return { subscriptions, sent, onEnd, options };
}

const filterOf = ({ request }: Subscription) => request.params?.notifications;
const methodsOf = (sent: readonly JSONRPCNotification[]) => sent.map(({ method }) => method);

describe("ChangeFeed", () => {
  it("sends what the subscription sends, without its id", () => {
    const { subscriptions, sent, options } = create({ toolsListChanged: true });
    new ChangeFeed(options);
    subscriptions[0]?.notify("notifications/tools/list_changed");
    subscriptions[0]?.notify("notifications/resources/updated", { uri: "a:b", _meta: { x: 1 } });
    expect(sent).toEqual([
      { jsonrpc: "2.0", method: "notifications/tools/list_changed" },
      {
        jsonrpc: "2.0",
        method: "notifications/resources/updated",
        params: { uri: "a:b", _meta: { x: 1 } },
      },
    ]);
  });

  it("subscribes to resources apart from the lists, and only to a change of them", () => {
    const { subscriptions, options } = create({});
    const feed = new ChangeFeed(options, ["a:1"]);
    feed.follow(["a:1"]);
    feed.follow(["a:1", "a:2"]);
    expect(subscriptions.map(filterOf)).toEqual([
      { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true },
      { resourceSubscriptions: ["a:1"] },
      { resourceSubscriptions: ["a:1", "a:2"] },
    ]);
    const aborted = () => subscriptions.map(({ context }) => context.signal.aborted);
    expect(aborted()).toEqual([false, true, false]);
    feed.follow([]);
    expect(aborted()).toEqual([false, true, true]);
    feed.close();
    expect(aborted()).toEqual([true, true, true]);
  });

  it("announces to a client that may have missed changes what the server has accepted, and no more", () => {
    const accepted = { toolsListChanged: true, resourceSubscriptions: ["a:1"] };
    const { sent, options } = create(accepted, true);
    const feed = new ChangeFeed(options);
    expect(methodsOf(sent)).toEqual([
      "notifications/tools/list_changed",
      "notifications/resources/updated",
    ]);
    feed.follow(["a:1"]);
    expect(sent).toHaveLength(2);
  });

  it("ends when the server ends the subscription, and not when it is closed", async () => {
    const { subscriptions, onEnd, options } = create({});
    new ChangeFeed(options).close();
    await Promise.resolve();
    expect(onEnd).not.toHaveBeenCalled();
    new ChangeFeed(options);
    subscriptions[1]?.end();
    await vi.waitFor(() => expect(onEnd).toHaveBeenCalledTimes(1));
  });

  it("stays open without events at a server without subscriptions", async () => {
    const { onEnd, options } = create({});
    const serve = vi.fn<Serve>(() =>
      Promise.reject(new ProtocolError("methodNotFound", "no subscriptions")),
    );
    new ChangeFeed({ ...options, serve });
    await Promise.allSettled(serve.mock.results.map(({ value }) => value));
    expect(onEnd).not.toHaveBeenCalled();
  });

  it("ends when the server refuses one more subscription", async () => {
    const { onEnd, options } = create({});
    const serve: Serve = () => Promise.reject(new ProtocolError("internalError", "too many"));
    new ChangeFeed({ ...options, serve });
    await vi.waitFor(() => expect(onEnd).toHaveBeenCalledTimes(1));
  });
});

describe("followsLast", () => {
  it.each([
    [["a:1", "a:2"], true],
    [["a:1"], false],
    [undefined, false],
  ])(
    "tells whether the server accepts the last resource: it accepts %j",
    async (uris, expected) => {
      const { subscriptions, options } = create({ resourceSubscriptions: uris });
      expect(await followsLast(options, ["a:1", "a:2"])).toBe(expected);
      expect(subscriptions[0]?.context.signal.aborted).toBe(true);
    },
  );

  it("fails when the server does not accept as many", async () => {
    const { options } = create({});
    const serve: Serve = () => Promise.reject(new ProtocolError("invalidParams", "at most 1"));
    await expect(followsLast({ ...options, serve }, ["a:1"])).rejects.toThrow("at most 1");
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCNotification, RequestId, Result } from "../protocol/json-rpc.ts";
import { type EventBus, eventGapTopic } from "../stores/event-bus.ts";
import { createMemoryEventBus } from "../stores/memory-event-bus.ts";
import { createServer } from "./create-server.ts";
import { ask } from "./fixtures/ask.ts";
import { definePrompt } from "./prompts.ts";
import { defineResource, defineResourceTemplate } from "./resources.ts";
import type { ServerOptions } from "./server-options.ts";
import { defineTool } from "./tools.ts";

const key = "io.modelcontextprotocol/subscriptionId";
const tool = (name: string) => defineTool({ name, call: () => "" });
const prompt = (name: string) => definePrompt({ name, get: () => "" });
const resource = (uri: string) => defineResource({ uri, name: uri, read: () => "" });

function serverOf(options: Partial<ServerOptions> = {}) {
  return createServer({
    name: "test",
    version: "1",
    tools: [tool("t")],
    prompts: [prompt("p")],
    resources: [resource("a:b"), resource("a:c")],
    resourceTemplates: [
      defineResourceTemplate({ uriTemplate: "place://{id}", name: "place", read: () => "" }),
    ],
    ...options,
  });
}

interface Listening {
  readonly notifications: JSONRPCNotification[];
  readonly result: Promise<Result>;
  readonly cancel: () => void;
}

const open: Listening[] = [];

function listen(
  server: ReturnType<typeof serverOf>,
  notifications: JSONObject,
  id: RequestId = 1,
): Listening {
  const controller = new AbortController();
  const received: JSONRPCNotification[] = [];
  const options = { id, notifications: received, signal: controller.signal };
  const result = ask(server, "subscriptions/listen", { notifications }, options);
  result.catch(() => {});
  const listening = { notifications: received, result, cancel: () => controller.abort() };
  open.push(listening);
  return listening;
}

const methodsOf = ({ notifications }: Listening) => notifications.map(({ method }) => method);

afterEach(() => {
  for (const { cancel } of open.splice(0)) cancel();
});

describe("basic/patterns/subscriptions#acknowledgment", () => {
  const every = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };

  it.each<[string, Partial<ServerOptions>, JSONObject, JSONObject]>([
    ["all that was asked for", {}, every, every],
    ["nothing", {}, {}, {}],
    ["members that are false are omitted", {}, { toolsListChanged: false }, {}],
    [
      "types that the server does not support are omitted",
      { tools: undefined as never },
      every,
      { promptsListChanged: true, resourcesListChanged: true },
    ],
    [
      "resources that exist",
      {},
      { resourceSubscriptions: ["a:b", "place://1", "a:none", "a:b"] },
      { resourceSubscriptions: ["a:b", "place://1"] },
    ],
    ["resources that do not exist are omitted", {}, { resourceSubscriptions: ["a:none"] }, {}],
    ["no resources", {}, { resourceSubscriptions: [] }, {}],
    ["unknown members are omitted", {}, { taskIds: ["t"], constructor: true }, {}],
  ])(
    "reflects the subset the server agreed to honor: %s",
    async (_what, options, filter, agreed) => {
      const listening = listen(serverOf(options), filter, "sub-1");
      expect(listening.notifications).toEqual([
        {
          jsonrpc: "2.0",
          method: "notifications/subscriptions/acknowledged",
          params: { notifications: agreed, _meta: { [key]: "sub-1" } },
        },
      ]);
    },
  );

  it("MUST be the first message, whatever happens meanwhile", async () => {
    const bus = createMemoryEventBus();
    const eager: EventBus = {
      publish: bus.publish,
      subscribe: (topic, listener) => {
        if (topic !== eventGapTopic) listener({});
        return bus.subscribe(topic, listener);
      },
    };
    const listening = listen(serverOf({ events: eager }), { toolsListChanged: true });
    expect(methodsOf(listening)).toEqual([
      "notifications/subscriptions/acknowledged",
      "notifications/tools/list_changed",
    ]);
  });

  it("does not block other work while many long URIs are compared with templates", async () => {
    const server = serverOf({
      resourceTemplates: Array.from({ length: 5 }, (_, n) =>
        defineResourceTemplate({ uriTemplate: `long${n}:{+id}`, name: `${n}`, read: () => "" }),
      ),
    });
    const uri = `none:${"%61".repeat(2000)}`;
    const resourceSubscriptions = Array.from({ length: 100 }, (_, n) => `${uri}${n}`);
    const listening = listen(server, { resourceSubscriptions });
    await new Promise((resolve) => setImmediate(resolve));
    expect(methodsOf(listening)).toEqual([]);
    await vi.waitUntil(() => listening.notifications.length > 0, { timeout: 20_000 });
  });

  it("a caller with too many subscriptions is refused with 429 until one has ended", async () => {
    const server = serverOf({ maxSubscriptions: 20 });
    const first = listen(server, { toolsListChanged: true });
    listen(server, { toolsListChanged: true });
    const third = listen(server, { toolsListChanged: true });
    await expect(third.result).rejects.toMatchObject({ status: 429, retryAfterMs: 10_000 });
    first.cancel();
    await expect(first.result).rejects.toMatchObject({ reason: "aborted" });
    expect(methodsOf(listen(server, {}))).toEqual(["notifications/subscriptions/acknowledged"]);
  });

  it("a refused filter does not count as a subscription", async () => {
    const server = serverOf({ maxSubscriptions: 10, maxResourceSubscriptions: 0 });
    const refused = listen(server, { resourceSubscriptions: ["a:b"] });
    await expect(refused.result).rejects.toMatchObject({ code: -32602 });
    expect(methodsOf(listen(server, {}))).toEqual(["notifications/subscriptions/acknowledged"]);
  });

  it("a filter that names too many resources is refused with -32602", async () => {
    const server = serverOf({ maxResourceSubscriptions: 2 });
    const many = listen(server, { resourceSubscriptions: ["a:b", "a:c", "place://1"] });
    await expect(many.result).rejects.toMatchObject({ code: -32602 });
    expect(many.notifications).toEqual([]);
    const few = listen(server, { resourceSubscriptions: ["a:b", "a:c"] });
    expect(methodsOf(few)).toEqual(["notifications/subscriptions/acknowledged"]);
  });
});

describe("basic/patterns/subscriptions#receiving-notifications", () => {
  it.each<[string, string, (server: ReturnType<typeof serverOf>) => void, JSONObject]>([
    ["toolsListChanged", "tools/list_changed", (s) => s.tools.add(tool("x")), {}],
    ["toolsListChanged", "tools/list_changed", (s) => s.tools.remove("t"), {}],
    ["toolsListChanged", "tools/list_changed", (s) => s.tools.replace([]), {}],
    ["promptsListChanged", "prompts/list_changed", (s) => s.prompts.add(prompt("x")), {}],
    ["resourcesListChanged", "resources/list_changed", (s) => s.resources.remove("a:b"), {}],
    [
      "resourcesListChanged",
      "resources/list_changed",
      (s) => s.resourceTemplates.remove("place://{id}"),
      {},
    ],
  ])("%s: %s carries the ID of the listen request", (member, method, change, params) => {
    const server = serverOf();
    const listening = listen(server, { [member]: true }, 7);
    change(server);
    expect(listening.notifications.slice(1)).toEqual([
      {
        jsonrpc: "2.0",
        method: `notifications/${method}`,
        params: { ...params, _meta: { [key]: 7 } },
      },
    ]);
  });

  it("resourceSubscriptions: resources/updated is sent only for these URIs", () => {
    const server = serverOf();
    const listening = listen(server, { resourceSubscriptions: ["a:b", "place://1"] }, 0);
    for (const uri of ["a:b", "a:c", "place://1", "place://2"]) server.resourceUpdated(uri);
    expect(listening.notifications.slice(1)).toEqual(
      ["a:b", "place://1"].map((uri) => ({
        jsonrpc: "2.0",
        method: "notifications/resources/updated",
        params: { uri, _meta: { [key]: 0 } },
      })),
    );
  });

  it("an update of another spelling of a URI arrives with the client's spelling", () => {
    const server = serverOf();
    const listening = listen(server, { resourceSubscriptions: ["place://%C3%BC"] }, 0);
    server.resourceUpdated("place://ü");
    server.resourceUpdated("place://u");
    expect(listening.notifications.slice(1)).toMatchObject([{ params: { uri: "place://%C3%BC" } }]);
  });

  it("a change without an effect is not announced", () => {
    const server = serverOf();
    const listening = listen(server, { toolsListChanged: true });
    expect(server.tools.remove("none")).toBe(0);
    expect(() => server.tools.add(tool("t"))).toThrow();
    expect(methodsOf(listening)).toHaveLength(1);
  });
});

describe("basic/patterns/subscriptions#opening-a-stream", () => {
  it("the server MUST NOT send types the client has not explicitly requested", async () => {
    const logging = defineTool({
      name: "noisy",
      call: (_args, context) => {
        context.log("error", "x");
        context.progress(1);
        return "";
      },
    });
    const server = serverOf({ tools: [tool("t"), logging], logging: true });
    const listening = listen(server, { toolsListChanged: true, promptsListChanged: false });
    const meta = { "io.modelcontextprotocol/logLevel": "debug", progressToken: 1 };
    const own: JSONRPCNotification[] = [];
    await ask(server, "tools/call", { name: "noisy" }, { meta, notifications: own });
    server.prompts.add(prompt("x"));
    server.resources.remove("a:b");
    server.resourceUpdated("a:c");
    expect(own).toHaveLength(2);
    expect(methodsOf(listening)).toEqual(["notifications/subscriptions/acknowledged"]);
  });
});

describe("basic/patterns/subscriptions#multiple-concurrent-subscriptions", () => {
  it("each subscription has its own ID and its own types", () => {
    const server = serverOf();
    const tools = listen(server, { toolsListChanged: true }, 1);
    const resources = listen(server, { resourceSubscriptions: ["a:b"] }, "2");
    const both = listen(server, { toolsListChanged: true, resourceSubscriptions: ["a:b"] }, 3);
    server.tools.add(tool("x"));
    server.resourceUpdated("a:b");
    expect(methodsOf(tools).slice(1)).toEqual(["notifications/tools/list_changed"]);
    expect(methodsOf(resources).slice(1)).toEqual(["notifications/resources/updated"]);
    expect(methodsOf(both).slice(1)).toHaveLength(2);
    for (const [listening, id] of [
      [tools, 1],
      [resources, "2"],
      [both, 3],
    ] as const) {
      for (const { params } of listening.notifications)
        expect(params?._meta).toEqual({ [key]: id });
    }
  });

  it("a subscription receives all its notifications when the bus may have lost events", () => {
    const events = createMemoryEventBus();
    const server = serverOf({ events });
    const some = listen(server, { toolsListChanged: true, resourceSubscriptions: ["a:b"] });
    const none = listen(server, {}, 2);
    void events.publish(eventGapTopic, {});
    expect(methodsOf(some).slice(1)).toEqual([
      "notifications/tools/list_changed",
      "notifications/resources/updated",
    ]);
    expect(some.notifications[2]?.params).toMatchObject({ uri: "a:b" });
    expect(methodsOf(none)).toHaveLength(1);
  });

  it("all subscriptions to the same change are notified", () => {
    const server = serverOf();
    const all = [1, 2, 3].map((id) => listen(server, { toolsListChanged: true }, id));
    server.tools.add(tool("x"));
    for (const one of all) expect(methodsOf(one)).toHaveLength(2);
  });
});

/** Returns an event bus that counts its subscriptions. */
function countingBus(): EventBus & { readonly count: () => number } {
  const bus = createMemoryEventBus();
  let subscribed = 0;
  return {
    publish: bus.publish,
    subscribe: (topic, listener) => {
      const unsubscribe = bus.subscribe(topic, listener);
      subscribed += 1;
      return () => {
        subscribed -= 1;
        unsubscribe();
      };
    },
    count: () => subscribed,
  };
}

describe("basic/patterns/subscriptions#cancellation", () => {
  it("a cancelled subscription sends nothing more and leaves no listener on the bus", async () => {
    const events = countingBus();
    const server = serverOf({ events });
    const listening = listen(server, {
      toolsListChanged: true,
      resourceSubscriptions: ["a:b", "a:c"],
    });
    expect(events.count()).toBe(4);
    listening.cancel();
    server.tools.add(tool("x"));
    expect(methodsOf(listening)).toHaveLength(1);
    expect(events.count()).toBe(0);
    await expect(listening.result).rejects.toMatchObject({ reason: "aborted" });
  });

  it("a request that was cancelled before it arrived leaves no listener on the bus", async () => {
    const events = countingBus();
    const server = serverOf({ events });
    const signal = AbortSignal.abort();
    const answer = ask(
      server,
      "subscriptions/listen",
      { notifications: { toolsListChanged: true } },
      { signal },
    );
    await expect(answer).rejects.toMatchObject({ reason: "aborted" });
    expect(events.count()).toBe(0);
  });

  it("a thousand cancelled subscriptions leave no listener on the bus", () => {
    const events = countingBus();
    const server = serverOf({ events });
    for (let id = 0; id < 1000; id += 1) listen(server, { toolsListChanged: true }, id).cancel();
    expect(events.count()).toBe(0);
  });
});

describe("basic/patterns/subscriptions#graceful-closure", () => {
  it("the server SHOULD respond with a completion result that carries the ID", async () => {
    const events = countingBus();
    const server = serverOf({ events });
    const all = [1, "two"].map((id) => listen(server, { toolsListChanged: true }, id));
    await server.close();
    const serverInfo = { name: "test", version: "1" };
    for (const [index, id] of [1, "two"].entries()) {
      expect(await all[index]?.result).toEqual({
        resultType: "complete",
        _meta: { [key]: id, "io.modelcontextprotocol/serverInfo": serverInfo },
      });
    }
    expect(events.count()).toBe(0);
    server.tools.add(tool("x"));
    for (const one of all) expect(methodsOf(one)).toHaveLength(1);
  });

  it("subscriptions after close are acknowledged and end at once", async () => {
    const server = serverOf();
    await server.close();
    const late = listen(server, { toolsListChanged: true }, 9);
    expect(await late.result).toMatchObject({ resultType: "complete", _meta: { [key]: 9 } });
    expect(methodsOf(late)).toEqual(["notifications/subscriptions/acknowledged"]);
    await expect(ask(server, "tools/list")).resolves.toBeDefined();
    await expect(server.close()).resolves.toBeUndefined();
  });
});

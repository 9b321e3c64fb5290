/** Sessions at several replicas in turn, which share keys and an event bus. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "@lutra/stores/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JSONObject } from "../../packages/lutra/src/protocol/json.ts";
import { randomKeys } from "../../packages/lutra/src/server/seal.ts";
import { type EventBus, eventGapTopic } from "../../packages/lutra/src/stores/event-bus.ts";
import type { HandleStore } from "../../packages/lutra/src/stores/handle-store.ts";
import { createMemoryEventBus } from "../../packages/lutra/src/stores/memory-event-bus.ts";
import { createServed, type Served } from "./fixture.ts";
import type { Message } from "./message.ts";
import {
  type Endpoint,
  eventsOf,
  fetchEndpoint,
  type Http,
  type HttpSession,
  openSession,
} from "./wire.ts";

/** A bus that can lose its connection. */
function createBus() {
  const bus = createMemoryEventBus();
  let isLost = false;
  return {
    events: {
      ...bus,
      publish: (topic: string, event: JSONObject) => {
        if (!isLost) return bus.publish(topic, event);
        return Promise.reject(new Error("the bus is unreachable"));
      },
    } as EventBus,
    lose: () => {
      isLost = true;
    },
    find: () => {
      isLost = false;
      bus.publish(eventGapTopic, {});
    },
  };
}

const keys = randomKeys();
const everything = { elicitation: {}, sampling: {}, roots: {} };
const ping = { jsonrpc: "2.0", id: 99, method: "ping" };

interface Replica extends Endpoint {
  readonly served: Served;
}

describe.each([
  ["with a bus", false],
  ["with a bus and a store", true],
] as const)("three replicas %s", (_name, hasStore) => {
  let bus: ReturnType<typeof createBus>;
  let replicas: Replica[];
  let handles: HandleStore | undefined;
  let end: () => Promise<unknown>;

  beforeEach(async () => {
    bus = createBus();
    end = async () => {};
    handles = undefined;
    if (hasStore) {
      const folder = mkdtempSync(join(tmpdir(), "lutra-legacy-"));
      const stores = await openSqlite(join(folder, "handles.db"));
      handles = stores.handles as HandleStore;
      end = async () => {
        await stores.close();
        await rm(folder, { recursive: true });
      };
    }
    replicas = [await start(), await start(), await start()];
  });

  afterEach(async () => {
    for (const { served } of replicas) await served.server.close();
    await end();
  });

  async function start(): Promise<Replica> {
    const served = createServed();
    const { events } = bus;
    served.server.share({ replicas: 3, keys, events, ...(handles && { handles }) });
    // The lost bus is reported.
    return { served, ...(await fetchEndpoint(served.server, { onError: () => {} })) };
  }

  /** Sends each request to the next replica. */
  function inTurn(): Http {
    let next = 0;
    return (init) => {
      next += 1;
      return (replicas[next % replicas.length] as Replica).http(init);
    };
  }

  /** Sends requests to the replica that is set. */
  function chosen() {
    const place = { at: 0 };
    const http: Http = (init) => (replicas[place.at] as Replica).http(init);
    return { place, http };
  }

  const answer = ({ method }: Message) =>
    method === "roots/list"
      ? { result: { roots: [{ uri: "file:///home" }] } }
      : { result: { action: "accept", content: { name: "Ana" } } };

  async function openChosen(
    options = {},
  ): Promise<HttpSession & { readonly place: { at: number } }> {
    const { place, http } = chosen();
    const session = await openSession(http, { capabilities: everything, ...options });
    return Object.assign(session, { place });
  }

  it("serve a session whose answers arrive at other replicas", async () => {
    const session = await openSession(inTurn(), { capabilities: everything, answer });
    const results = await Promise.all([1, 2, 3, 4].map(() => session.call("ask")));
    for (const { content } of results) {
      expect(content).toEqual([{ type: "text", text: "Ana in file:///home" }]);
    }
  });

  it("cancel a call that runs at another one", async () => {
    const session = await openChosen();
    void session.requestAs("w", "tools/call", { name: "wait", arguments: {} });
    await session.first("notifications/message");
    session.place.at = 1;
    await session.notify("notifications/cancelled", { requestId: "w" });
    const { aborted } = (replicas[0] as Replica).served;
    await aborted.first(() => true);
    expect(aborted.values).toHaveLength(1);
  });

  it("resume the stream of a call that runs at another one", async () => {
    const session = await openChosen();
    const params = { name: "ask", arguments: {} };
    const response = await session.post({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    const events = eventsOf(response);
    const { value: primed } = await events.next();
    await events.return(undefined);
    session.place.at = 1;
    const resumed = await session.get({ "last-event-id": primed?.id ?? "" });
    expect(resumed.headers.get("content-type")).toBe("text/event-stream");
    const methods: unknown[] = [];
    for await (const { data } of eventsOf(resumed)) {
      const { id, method, result } = JSON.parse(data) as Message;
      methods.push(method ?? result);
      // The answers arrive at a third replica.
      session.place.at = 2;
      if (id !== undefined && method !== undefined) {
        await session.post({ jsonrpc: "2.0", id, ...answer({ id, method } as Message) });
      }
    }
    expect(methods).toEqual([
      "notifications/message",
      "elicitation/create",
      "notifications/message",
      "roots/list",
      { content: [{ type: "text", text: "Ana in file:///home" }] },
    ]);
  });

  it("MUST NOT replay the messages of a stream to another session", async () => {
    const session = await openChosen();
    const params = { name: "wait", arguments: {} };
    const response = await session.post({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    const { value } = await eventsOf(response).next();
    const other = await openChosen();
    other.place.at = 1;
    expect((await other.get({ "last-event-id": value?.id ?? "" })).status).toBe(400);
  });

  it("apply the level that was set at another one", async () => {
    const session = await openChosen();
    await session.result("logging/setLevel", { level: "error" });
    session.place.at = 1;
    await session.call("levels");
    const logged = session.all("notifications/message").map(({ params }) => params?.data);
    expect(logged).toEqual(["e"]);
  });

  it("tell the stream at one of a subscription made at another, and of its end", async () => {
    const session = await openChosen();
    await session.listen();
    session.place.at = 1;
    await session.result("resources/subscribe", { uri: "file:///a" });
    await (replicas[2] as Replica).served.server.resourceUpdated("file:///a");
    const updates = "notifications/resources/updated";
    await session.first(updates);
    session.place.at = 2;
    await session.result("resources/unsubscribe", { uri: "file:///a" });
    await session.call("change");
    await session.first("notifications/tools/list_changed");
    expect(session.all(updates)).toHaveLength(1);
  });

  it("keep all subscriptions that are made at once", async () => {
    const session = await openSession(inTurn(), { capabilities: everything });
    const uris = Array.from({ length: 6 }, (_, index) => `note://${index}`);
    await Promise.all(uris.map((uri) => session.result("resources/subscribe", { uri })));
    await session.listen();
    await session.result("ping");
    for (const uri of uris) await (replicas[0] as Replica).served.server.resourceUpdated(uri);
    const updates = "notifications/resources/updated";
    await session.received.first(() => session.all(updates).length === uris.length);
    expect(session.all(updates).map(({ params }) => params?.uri)).toEqual(uris);
  });

  it("send each message on one stream only: the newest of all replicas", async () => {
    const session = await openChosen();
    await session.listen();
    session.place.at = 1;
    await session.listen();
    await session.call("change");
    await session.first("notifications/tools/list_changed");
    await session.result("ping");
    expect(session.all("notifications/tools/list_changed")).toHaveLength(1);
  });

  it("end a session everywhere, with its calls and streams", async () => {
    const session = await openChosen();
    await session.listen();
    void session.requestAs("w", "tools/call", { name: "wait", arguments: {} });
    await session.first("notifications/message");
    session.place.at = 1;
    await session.delete();
    await (replicas[0] as Replica).served.aborted.first(() => true);
    for (const { http } of replicas) {
      const body = JSON.stringify(ping);
      const { status } = await http({ method: "POST", headers: session.headers, body });
      expect(status).toBe(404);
    }
  });

  it("a replica that starts later knows what the store knows", async () => {
    const session = await openChosen();
    await session.result("logging/setLevel", { level: "error" });
    const ended = await openChosen();
    await ended.delete();
    replicas.push(await start());
    session.place.at = 3;
    await session.call("levels");
    const logged = session.all("notifications/message").map(({ params }) => params?.data);
    expect(logged).toEqual(hasStore ? ["e"] : ["i", "e"]);
    ended.place.at = 3;
    expect((await ended.post(ping)).status).toBe(hasStore ? 404 : 200);
  });

  it("learn of the changes that a gap in the bus has hidden, if there is a store", async () => {
    const session = await openChosen();
    await session.listen();
    const ended = await openChosen();
    // The first request of each session at this replica.
    await ended.post(ping);
    bus.lose();
    session.place.at = 1;
    ended.place.at = 1;
    await session.result("resources/subscribe", { uri: "file:///a" });
    await ended.delete();
    bus.find();
    ended.place.at = 0;
    expect((await ended.post(ping)).status).toBe(hasStore ? 404 : 200);
    if (!hasStore) return;
    await session.received.first(() => session.all("notifications/tools/list_changed").length > 0);
    await (replicas[0] as Replica).served.server.resourceUpdated("file:///a");
    await session.first("notifications/resources/updated");
  });

  it("pass on an answer after the bus was lost for five seconds, and none twice", async () => {
    const session = await openChosen();
    const result = session.call("ask");
    const { id } = await session.first("elicitation/create");
    session.place.at = 1;
    bus.lose();
    const content = { name: "Ana" };
    const posted = { jsonrpc: "2.0", id, result: { action: "accept", content } };
    expect((await session.post(posted)).status).toBe(202);
    expect((await session.post(posted)).status).toBe(202);
    await new Promise((resolve) => setTimeout(resolve, 5000)); // time: the length of the outage
    bus.find();
    const question = await session.first("roots/list");
    await session.send({ jsonrpc: "2.0", id: question.id, result: { roots: [] } });
    expect((await result).content).toEqual([{ type: "text", text: "Ana in " }]);
    expect(session.all("roots/list")).toHaveLength(1);
  });

  it("refuse a session with keys of another server", async () => {
    const session = await openChosen();
    const other = createServed();
    const { http } = await fetchEndpoint(other.server);
    const body = JSON.stringify(ping);
    const response = await http({ method: "POST", headers: session.headers, body });
    expect(response.status).toBe(404);
  });

  /** Starts a replica that seals with a newer key, which the others do not have. */
  async function startNewer(): Promise<number> {
    const [old] = keys;
    const served = createServed();
    const secret = crypto.getRandomValues(new Uint8Array(32));
    const ring = [{ id: "newer", secret }, old as (typeof keys)[number]];
    served.server.share({ replicas: 4, keys: ring, events: bus.events });
    return replicas.push({ served, ...(await fetchEndpoint(served.server)) }) - 1;
  }

  it("open sessions that were sealed with an older key of the ring", async () => {
    const session = await openChosen();
    session.place.at = await startNewer();
    expect(await session.result("ping")).toEqual({});
  });

  it("pass on the answer to a replica that seals with a newer key", async () => {
    const session = await openChosen();
    session.place.at = await startNewer();
    const result = session.call("complete");
    const { id } = await session.first("sampling/createMessage");
    session.place.at = 0;
    const content = { type: "text", text: "three" };
    const sampled = { role: "assistant", content, model: "m" };
    expect((await session.post({ jsonrpc: "2.0", id, result: sampled })).status).toBe(202);
    expect((await result).content).toEqual([{ type: "text", text: JSON.stringify(content) }]);
  });
});

/** The Streamable HTTP transport of the revisions with sessions. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createServer } from "../../packages/lutra/src/server/create-server.ts";
import { createServed, type Served } from "./fixture.ts";
import {
  type Endpoint,
  endpoints,
  eventsOf,
  type Http,
  HttpSession,
  jsonHeaders,
  openSession,
} from "./wire.ts";

const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
const callOf = (name: string, id: unknown = 1) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: {}, _meta: { progressToken: "p" } },
});
const everything = { elicitation: {}, sampling: {}, roots: {} };

describe.each(endpoints)("a session at %s", (_name, start) => {
  let served: Served;
  let endpoint: Endpoint;
  let http: Http;

  beforeEach(async () => {
    served = createServed();
    endpoint = await start(served.server);
    http = endpoint.http;
  });

  afterEach(async () => {
    await served.server.close();
    await endpoint.close();
  });

  const open = (options = {}) => openSession(http, options);

  const all = async <T>(events: AsyncIterable<T>) => {
    const read: T[] = [];
    for await (const event of events) read.push(event);
    return read;
  };

  describe("basic/transports#sending-messages-to-the-server", () => {
    it("the server MUST return 202 without a body for a notification", async () => {
      const session = await open();
      const response = await session.post({ jsonrpc: "2.0", method: "notifications/initialized" });
      expect([response.status, await response.text()]).toEqual([202, ""]);
    });

    it("the server MUST return JSON or a stream for a request", async () => {
      const session = await open();
      const quick = await session.post(ping);
      expect(quick.headers.get("content-type")).toBe("application/json");
      const slow = await session.post(callOf("wait"));
      expect(slow.headers.get("content-type")).toBe("text/event-stream");
      await slow.body?.cancel();
    });

    it("begins a stream with an event without data, from which a client can resume", async () => {
      const session = await open();
      const response = await session.post(callOf("levels"));
      const events = await all(eventsOf(response));
      expect(events[0]).toEqual({ id: expect.any(String), data: "" });
      expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
      expect(JSON.parse(events.at(-1)?.data ?? "")).toMatchObject({ id: 1, result: {} });
    });

    it("begins without such an event for clients that do not know it", async () => {
      const session = await open({ version: "2025-06-18" });
      const response = await session.post(callOf("levels"));
      const events = await all(eventsOf(response));
      expect(events.map(({ data }) => data)).not.toContain("");
    });

    it.each([
      ["a number", "1", -32600],
      ["null", "null", -32600],
      ["no JSON", "{", -32700],
      ["an id that is null", '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
      ["no version of JSON-RPC", '{"id":1,"method":"ping"}', -32600],
    ])("the server MUST return an error status for %s", async (_what, body, code) => {
      const { headers } = await open();
      const response = await http({ method: "POST", headers, body });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code } });
    });

    it("returns errors of requests with the status 200, which clients read", async () => {
      const session = await open();
      const response = await session.post({ ...ping, method: "tools/dance" });
      expect([response.status, (await response.json()).error.code]).toEqual([200, -32601]);
    });

    it("disconnecting SHOULD NOT be taken for a cancellation: the client resumes", async () => {
      const session = await open({ capabilities: everything });
      const response = await session.post(callOf("ask"));
      const events = eventsOf(response);
      let last = "";
      let question: { id?: string } = {};
      while (question.id === undefined) {
        const { value } = await events.next();
        last = value?.id ?? "";
        if (value?.data) question = JSON.parse(value.data);
      }
      await events.return(undefined);
      const content = { name: "Ana" };
      await session.post({
        jsonrpc: "2.0",
        id: question.id,
        result: { action: "accept", content },
      });
      const resumed = await session.get({ "last-event-id": last });
      expect(resumed.headers.get("content-type")).toBe("text/event-stream");
      const methods: string[] = [];
      for await (const { data } of eventsOf(resumed)) {
        const { method, id } = JSON.parse(data);
        methods.push(method);
        const isQuestion = method === "roots/list";
        if (isQuestion) await session.post({ jsonrpc: "2.0", id, result: { roots: [] } });
      }
      expect(methods).toEqual([
        "notifications/progress",
        "notifications/message",
        "roots/list",
        "notifications/progress",
        undefined,
      ]);
    });
  });

  describe("basic/transports#resumability-and-redelivery", () => {
    it("replays the events after the last one, to the end", async () => {
      const session = await open();
      const response = await session.post(callOf("wait", "w"));
      const events = eventsOf(response);
      const primed = await events.next();
      await events.return(undefined);
      const resumed = await session.get({ "last-event-id": primed.value?.id ?? "" });
      const replayed = eventsOf(resumed);
      const { value } = await replayed.next();
      expect(JSON.parse(value?.data ?? "")).toMatchObject({ method: "notifications/message" });
      await session.notify("notifications/cancelled", { requestId: "w" });
      expect(await replayed.next()).toEqual({ done: true, value: undefined });
    });

    it("goes on with the reader that came last, for longer than the first one is missed", async () => {
      const session = await open();
      const response = await session.post(callOf("wait", "w"));
      const { value } = await eventsOf(response).next();
      const again = await session.get({ "last-event-id": value?.id ?? "" });
      expect(again.status).toBe(200);
      expect(served.aborted.values).toEqual([]);
      await session.notify("notifications/cancelled", { requestId: "w" });
      expect(await all(eventsOf(again))).toHaveLength(1);
    });

    it("the server MUST NOT replay the messages of a stream to another session", async () => {
      const session = await open();
      const { value } = await eventsOf(await session.post(callOf("wait"))).next();
      const other = await open();
      const refused = await other.get({ "last-event-id": value?.id ?? "" });
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({ error: { code: -32600 } });
    });

    it.each(["", "x", "__proto__", "AAAAAAAAAAAAAAAA.1", "AAAAAAAAAAAAAAAA.999999999999"])(
      "refuses an unknown event: %j",
      async (id) => {
        const session = await open();
        expect((await session.get({ "last-event-id": id })).status).toBe(400);
      },
    );
  });

  describe("basic/transports#listening-for-messages-from-the-server", () => {
    it("the server MUST return a stream or 405 for a GET", async () => {
      const session = await open();
      const stream = await session.get();
      expect(stream.headers.get("content-type")).toBe("text/event-stream");
      await stream.body?.cancel();
      expect((await http({ method: "GET", headers: jsonHeaders })).status).toBe(405);
    });

    it("ids of events MUST be unique among all streams of the session", async () => {
      const session = await open();
      const ids: unknown[] = [];
      for (let turn = 0; turn < 3; turn += 1) {
        const events = eventsOf(await session.get());
        ids.push((await events.next()).value?.id);
        await session.post(callOf("change"));
        ids.push((await events.next()).value?.id);
        await events.return(undefined);
      }
      expect(new Set(ids).size).toBe(6);
    });

    it("announces everything to a client that may have missed changes", async () => {
      const session = await open();
      await session.result("resources/subscribe", { uri: "file:///a" });
      const events = eventsOf(await session.get());
      const { value } = await events.next();
      await events.return(undefined);
      await session.listen({ "last-event-id": value?.id ?? "" });
      await session.first("notifications/resources/updated");
      const methods = session.received.values.map(({ method }) => method);
      expect(methods.toSorted()).toEqual([
        "notifications/prompts/list_changed",
        "notifications/resources/list_changed",
        "notifications/resources/updated",
        "notifications/tools/list_changed",
      ]);
    });
  });

  describe("basic/transports#multiple-connections", () => {
    it("the server MUST send each message on one stream only: the newest", async () => {
      const session = await open();
      const older = eventsOf(await session.get());
      await older.next();
      const newer = eventsOf(await session.get());
      await newer.next();
      expect(await older.next()).toEqual({ done: true, value: undefined });
      await session.post(callOf("change"));
      expect((await newer.next()).value?.data).toContain("list_changed");
    });

    it("serves several requests at once, each on a stream of its own", async () => {
      const session = await open({ version: "2025-06-18" });
      const responses = await Promise.all(
        [1, 2, 3].map((id) => session.post(callOf("levels", id))),
      );
      const read = await Promise.all(responses.map((one) => all(eventsOf(one))));
      expect(read.map((events) => JSON.parse(events.at(-1)?.data ?? "").id)).toEqual([1, 2, 3]);
    });
  });

  describe("basic/transports#session-management", () => {
    it("the session id MUST contain visible ASCII characters only", async () => {
      const { id } = await open();
      expect(id).toMatch(/^[\x21-\x7e]+$/);
    });

    it("requests without a session SHOULD get 400, with the remedy", async () => {
      const headers = { ...jsonHeaders, "mcp-protocol-version": "2025-11-25" };
      const response = await http({ method: "POST", headers, body: JSON.stringify(ping) });
      expect(response.status).toBe(400);
      expect((await response.json()).error.message).toContain("send initialize");
    });

    it("a session that is over MUST get 404, for all methods of HTTP", async () => {
      const session = await open();
      const stream = await session.get();
      expect((await session.delete()).status).toBe(204);
      expect((await all(eventsOf(stream))).length).toBeLessThanOrEqual(1);
      for (const again of [session.post(ping), session.get(), session.delete()]) {
        const response = await again;
        expect(response.status).toBe(404);
        expect(await response.json()).toMatchObject({ error: { code: -32001 } });
      }
    });

    it("the end of a session aborts its calls", async () => {
      const session = await open();
      const response = await session.post(callOf("wait"));
      await session.delete();
      await served.aborted.first(() => true);
      expect(await all(eventsOf(response))).toHaveLength(2);
    });

    it.each(["", "x", "local.", "local.AAAA", `local.${"A".repeat(8000)}`, "__proto__", "null"])(
      "a forged id gets 404: %.20j",
      async (id) => {
        const session = await open();
        session.headers["mcp-session-id"] = id;
        expect((await session.post(ping)).status).toBe(404);
        expect((await session.get()).status).toBe(404);
      },
    );

    it("an id in which one character differs gets 404", async () => {
      const session = await open();
      const { id } = session;
      for (const at of [id.length - 1, id.length - 20, id.indexOf(".") + 1]) {
        const other = id[at] === "A" ? "B" : "A";
        session.headers["mcp-session-id"] = id.slice(0, at) + other + id.slice(at + 1);
        expect((await session.post(ping)).status).toBe(404);
      }
    });
  });

  describe("basic/transports#protocol-version-header", () => {
    it.each(["1999-01-01", "2099-01-01", "x", "__proto__"])(
      "an unsupported version MUST get 400: %s",
      async (version) => {
        const session = await open();
        const odd = { "mcp-protocol-version": version };
        const responses = await Promise.all([session.post(ping, odd), session.get(odd)]);
        expect(responses.map(({ status }) => status)).toEqual([400, 400]);
        for (const response of responses) {
          expect(JSON.stringify(await response.json())).toContain("2025-11-25");
        }
      },
    );

    it("is not needed where the session tells the version", async () => {
      const session = await open();
      delete session.headers["mcp-protocol-version"];
      expect(await session.result("ping")).toEqual({});
    });
  });

  describe("2025-03-26/basic/transports#sending-messages-to-the-server", () => {
    const batch = [
      ping,
      { jsonrpc: "2.0", method: "notifications/initialized" },
      { ...callOf("echo", 2), params: { name: "echo", arguments: { text: "x" } } },
      { jsonrpc: "2.0", id: 3, method: "tools/dance" },
      { id: 4, method: "ping" },
      7,
    ];

    it("answers the requests of a batch in one", async () => {
      const session = await open({ version: "2025-03-26" });
      const response = await session.post(batch);
      const messages: { id?: unknown; error?: { code: number } }[] = await response.json();
      const byId = Object.fromEntries(messages.map((one) => [String(one.id), one.error?.code]));
      expect(byId).toEqual({ 1: undefined, 2: undefined, 3: -32601, 4: -32600, undefined: -32600 });
    });

    it("the server MUST return 202 for a batch without requests", async () => {
      const session = await open({ version: "2025-03-26" });
      const response = await session.post([batch[1], batch[1]]);
      expect([response.status, await response.text()]).toEqual([202, ""]);
    });

    it("streams the responses of a batch whose calls send notifications", async () => {
      const session = await open({ version: "2025-03-26" });
      const response = await session.post([callOf("levels", 1), callOf("levels", 2)]);
      const events = await all(eventsOf(response));
      const ids = events.map(({ data }) => JSON.parse(data).id).filter((id) => id !== undefined);
      expect(ids).toEqual([1, 2]);
    });

    it("cancels one request of a batch without the others", async () => {
      const session = await open({ version: "2025-03-26" });
      const events = eventsOf(await session.post([callOf("wait", "w"), callOf("levels", "l")]));
      await events.next();
      await session.notify("notifications/cancelled", { requestId: "w" });
      const rest = await all(events);
      const ids = rest.map(({ data }) => JSON.parse(data).id).filter((id) => id !== undefined);
      expect(ids).toEqual(["l"]);
    });

    it.each([
      ["2025-11-25", [ping]],
      ["2025-06-18", [ping]],
      ["2024-11-05", [ping]],
      ["2025-03-26", []],
      ["2025-03-26", Array(101).fill(ping)],
    ])("refuses a batch of %s that is not allowed", async (version, messages) => {
      const session = await open({ version });
      const response = await session.post(messages);
      expect([response.status, (await response.json()).error.code]).toEqual([400, -32600]);
    });

    it("initialize MUST NOT be part of a batch", async () => {
      const session = new HttpSession(http);
      const params = { protocolVersion: "2025-03-26", capabilities: {}, clientInfo: {} };
      const response = await session.post([{ ...ping, method: "initialize", params }]);
      expect(response.status).toBe(400);
    });
  });

  describe("basic/transports#security-warning", () => {
    it.each(["POST", "GET", "DELETE"])(
      "servers MUST respond with 403 to %s of an unknown Origin",
      async (method) => {
        const session = await open();
        const headers = { ...session.headers, origin: "https://evil.example" };
        const body = method === "POST" ? JSON.stringify(ping) : null;
        expect((await http({ method, headers, body })).status).toBe(403);
      },
    );
  });
});

describe("2025-06-18/basic/transports#listening-for-messages-from-the-server", () => {
  it.each(endpoints)(
    "answers a GET at once, before there is an event: %s",
    async (_name, start) => {
      const server = createServer({ name: "quiet", version: "1" });
      // No keep-alive comment would send the head.
      const { http, close } = await start(server, { keepAliveMs: 3_600_000 });
      const session = await openSession(http, { version: "2025-06-18" });
      const controller = new AbortController();
      const response = await session.get({}, controller.signal);
      expect(response.headers.get("content-type")).toBe("text/event-stream");
      controller.abort();
      await close();
    },
  );
});

/** Hostile clients of sessions: ids that are not theirs, large values, and many of everything. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Authenticate } from "../../packages/lutra/src/transport/http/authenticate.ts";
import { createServed, type Served } from "./fixture.ts";
import { type Endpoint, endpoints, eventsOf, type Http, HttpSession, openSession } from "./wire.ts";

const ping = { jsonrpc: "2.0", id: 99, method: "ping" };
const everything = { elicitation: {}, sampling: {}, roots: {} };

/** The principal is the token itself; without a token the caller is anonymous. */
const authenticate: Authenticate = (header) => {
  const id = header("authorization")?.replace("Bearer ", "");
  return id === undefined ? undefined : { id };
};

describe.each(endpoints)("an attacker of %s", (_name, start) => {
  let served: Served;
  let endpoint: Endpoint;
  let http: Http;

  beforeEach(async () => {
    served = createServed();
    const options = {
      authenticate,
      anonymous: true,
      onError: (error: unknown) => served.errors.push(error),
    };
    endpoint = await start(served.server, options);
    http = endpoint.http;
  });

  afterEach(async () => {
    await served.server.close();
    await endpoint.close();
    expect(served.errors).toEqual([]);
  });

  const openAs = (id?: string) =>
    openSession(http, {
      capabilities: everything,
      headers: id === undefined ? {} : { authorization: `Bearer ${id}` },
    });

  /** Sends requests of one session with the credentials of another caller. */
  function withTokenOf(session: HttpSession, id?: string, token = session.id): HttpSession {
    const { authorization: _, ...headers } = session.headers;
    return new HttpSession(http, {
      headers: {
        ...headers,
        ...(id !== undefined && { authorization: `Bearer ${id}` }),
        "mcp-session-id": token,
      },
    });
  }

  describe("with the session id of another principal", () => {
    it.each(["bob", undefined])("gets 404 as %s", async (other) => {
      const session = await openAs("alice");
      await session.result("ping");
      const stolen = withTokenOf(session, other);
      for (const response of [stolen.post(ping), stolen.get(), stolen.delete()]) {
        expect((await response).status).toBe(404);
      }
      expect(await session.result("ping")).toEqual({});
    });

    it("gets 404 with an id that contains the name of the principal", async () => {
      const session = await openAs("alice");
      await session.result("ping");
      for (const prefix of ["of alice", "alice", " of alice"]) {
        const stolen = withTokenOf(session, undefined, `${prefix} ${session.id}`);
        expect((await stolen.post(ping)).status).toBe(404);
      }
    });

    it("gets 404 as a caller whose name extends that of the principal", async () => {
      const session = await openAs("alice");
      await session.result("ping");
      expect((await withTokenOf(session, "alice x").post(ping)).status).toBe(404);
    });
  });

  describe("with answers to questions that are not its own", () => {
    it.each([
      ["another session of the same principal", "alice"],
      ["a session of another principal", "bob"],
    ])("does not answer them from %s", async (_what, id) => {
      const session = await openAs("alice");
      const called = session.call("ask");
      const question = await session.first("elicitation/create");
      const other = await openAs(id);
      const content = { name: "Eve" };
      const forged = { jsonrpc: "2.0", id: question.id, result: { action: "accept", content } };
      expect((await other.post(forged)).status).toBe(400);
      await session.send({ jsonrpc: "2.0", id: question.id, result: { action: "decline" } });
      const { id: roots } = await session.first("roots/list");
      await session.send({ jsonrpc: "2.0", id: roots, result: { roots: [] } });
      expect(await called).toMatchObject({ content: [{ text: "decline in " }] });
    });

    it.each([1, null, "x", "__proto__", "constructor", {}, "A".repeat(10_000)])(
      "gets 400 for the id %.20j",
      async (id) => {
        const session = await openAs("alice");
        expect((await session.post({ jsonrpc: "2.0", id, result: {} })).status).toBe(400);
      },
    );

    it("answers a question once", async () => {
      const session = await openAs("alice");
      const called = session.call("ask");
      const { id } = await session.first("elicitation/create");
      const first = { jsonrpc: "2.0", id, result: { action: "decline" } };
      const second = { jsonrpc: "2.0", id, result: { action: "cancel" } };
      const statuses = [await session.post(first), await session.post(second)];
      expect(statuses.map(({ status }) => status)).toEqual([202, 202]);
      const { id: roots } = await session.first("roots/list");
      await session.send({ jsonrpc: "2.0", id: roots, result: { roots: [] } });
      expect(await called).toMatchObject({ content: [{ text: "decline in " }] });
    });
  });

  it("does not cancel the request of another session with the same id", async () => {
    const [session, other] = [await openAs("alice"), await openAs("alice")];
    void session.requestAs("w", "tools/call", { name: "wait", arguments: {} });
    await session.first("notifications/message");
    await other.notify("notifications/cancelled", { requestId: "w" });
    await other.result("ping");
    expect(served.aborted.values).toEqual([]);
  });

  it("does not use the id of a session after its end", async () => {
    const session = await openAs("alice");
    await session.delete();
    for (let turn = 0; turn < 3; turn += 1) expect((await session.post(ping)).status).toBe(404);
  });

  describe("with a large initialize", () => {
    const huge = "\u{1f9a6}\u0000".repeat(20_000);

    it.each([
      ["names", { name: huge, version: huge }, {}],
      [
        "members",
        { name: "x", version: "1", title: huge, x: { y: huge } },
        { x: { [huge]: huge } },
      ],
      [
        "capabilities",
        { name: "x", version: "1" },
        {
          roots: { listChanged: true, [huge]: 1 },
          sampling: { tools: { a: huge }, context: { b: huge } },
          elicitation: { form: { c: huge }, url: { d: huge } },
          experimental: { [huge]: {} },
        },
      ],
    ])("of many %s gets an id of less than 2 kB", async (_what, clientInfo, capabilities) => {
      const session = await openSession(http, { clientInfo, capabilities });
      expect(session.id.length).toBeLessThan(2048);
      expect(await session.result("ping")).toEqual({});
    });
  });

  it("has at most 100 unanswered questions in a session", async () => {
    const session = await openAs("alice");
    const asked = Array.from({ length: 100 }, (_, index) => {
      void session.requestAs(`a${index}`, "tools/call", { name: "ask", arguments: {} });
      return session.received.first(() => session.all("elicitation/create").length > index);
    });
    await Promise.all(asked);
    await expect(session.call("ask")).rejects.toMatchObject({
      code: -32603,
      message: expect.stringContaining("100 unanswered requests, the maximum"),
    });
    await session.delete();
  });

  it("has at most 1000 subscriptions in a session", async () => {
    const session = await openAs("alice");
    const uri = (index: number) => `note://${index}`;
    for (let index = 0; index < 1000; index += 5) {
      const some = Array.from({ length: 5 }, (_, at) => uri(index + at));
      await Promise.all(some.map((one) => session.result("resources/subscribe", { uri: one })));
    }
    await expect(session.result("resources/subscribe", { uri: uri(1000) })).rejects.toMatchObject({
      code: -32602,
    });
    await session.result("resources/unsubscribe", { uri: uri(0) });
    expect(await session.result("resources/subscribe", { uri: uri(1000) })).toEqual({});
  });

  it("has subscriptions of at most 262,144 characters in a session", async () => {
    const session = await openAs("alice");
    const uri = (index: number) => `note://${index}${"x".repeat(8180)}`;
    for (let index = 10; index < 42; index += 1) {
      await session.result("resources/subscribe", { uri: uri(index) });
    }
    await expect(session.result("resources/subscribe", { uri: uri(42) })).rejects.toMatchObject({
      code: -32602,
    });
  });

  it("leaves at every point without a trace", async () => {
    const session = await openAs("alice");
    const body = (name: string) =>
      JSON.stringify({
        jsonrpc: "2.0",
        id: name,
        method: "tools/call",
        params: { name, arguments: {} },
      });
    // Before any event: the call is aborted.
    const early = new AbortController();
    const sent = http({
      method: "POST",
      headers: session.headers,
      body: body("quiet"),
      signal: early.signal,
    });
    await session.result("ping");
    await session.result("tools/list");
    early.abort();
    await sent.catch(() => {});
    await served.aborted.first(() => true);
    // In the middle of a stream: the call goes on for a client that resumes.
    const late = new AbortController();
    const response = await http({
      method: "POST",
      headers: session.headers,
      body: body("wait"),
      signal: late.signal,
    });
    await eventsOf(response).next();
    late.abort();
    const feed = new AbortController();
    const stream = await session.get({}, feed.signal);
    await eventsOf(stream).next();
    feed.abort();
    expect(await session.result("ping")).toEqual({});
    expect(served.aborted.values).toHaveLength(1);
    await session.delete();
    await served.aborted.first(() => served.aborted.values.length === 2);
  });
});

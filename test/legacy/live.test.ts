/** The messages between servers and clients of the revisions with sessions, on each transport. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LegacyClient } from "./client.ts";
import { createServed, type Served } from "./fixture.ts";
import type { Message } from "./message.ts";
import { type Wire, wires } from "./wire.ts";

const everything = { elicitation: {}, sampling: {}, roots: {} };

const answers: { readonly [method: string]: Message } = {
  "elicitation/create": { result: { action: "accept", content: { name: "Ana" } } },
  "roots/list": { result: { roots: [{ uri: "file:///home" }] } },
  "sampling/createMessage": {
    result: { role: "assistant", model: "m", content: { type: "text", text: "three" } },
  },
};
const answer = ({ method = "" }: Message) => answers[method] as { result: object };

describe.each(wires)("a session over %s", (_name, start) => {
  let served: Served;
  let wire: Wire;

  beforeEach(async () => {
    served = createServed();
    wire = await start(served.server);
  });

  afterEach(() => wire.close());

  const connect = (options = {}) => wire.connect({ capabilities: everything, answer, ...options });

  const textOf = (result: { content?: unknown }) =>
    (result.content as { text: string }[]).map(({ text }) => text).join();

  describe("client/elicitation and client/roots", () => {
    it.each(["2025-11-25", "2025-06-18"])(
      "asks while the call of a client of %s runs, and goes on with its answers",
      async (version) => {
        const client = await connect({ version });
        expect(textOf(await client.call("ask"))).toBe("Ana in file:///home");
        expect(client.all("elicitation/create")).toHaveLength(1);
        expect(client.all("roots/list")).toHaveLength(1);
      },
    );

    it("passes on that the user declined", async () => {
      const client = await connect({
        answer: (request: Message) =>
          request.method === "roots/list" ? answer(request) : { result: { action: "decline" } },
      });
      expect(textOf(await client.call("ask"))).toBe("decline in file:///home");
    });

    it("fails the call when the client answers with an error", async () => {
      const error = { code: -1, message: "no user" };
      const client = await connect({ answer: () => ({ error }) });
      await expect(client.call("ask")).rejects.toMatchObject({
        code: -32603,
        message: "The client refused elicitation/create (-1: no user)",
      });
    });

    it("fails the call when the client answers with another result", async () => {
      const client = await connect({ answer: () => ({ result: { action: "dance" } }) });
      await expect(client.call("ask")).rejects.toMatchObject({ code: -32603 });
    });

    it("servers MUST NOT send elicitation requests that the client has not declared", async () => {
      const client = await connect({ capabilities: { roots: {} } });
      await expect(client.call("ask")).rejects.toMatchObject({ code: -32600 });
      expect(client.all("elicitation/create")).toEqual([]);
    });

    it("servers MUST NOT send elicitation requests with modes that are not supported", async () => {
      const client = await connect();
      await expect(client.call("visit")).rejects.toMatchObject({ code: -32600 });
      expect(client.all("elicitation/create")).toEqual([]);
    });

    it("sends a URL with an id of the elicitation to a client of 2025-11-25", async () => {
      const client = await connect({ capabilities: { elicitation: { url: {} } } });
      expect(textOf(await client.call("visit"))).toBe("accept");
      const { params } = await client.first("elicitation/create");
      expect(params).toEqual({
        mode: "url",
        message: "Visit",
        url: "https://example.com/visit",
        elicitationId: expect.any(String),
      });
    });
  });

  describe("client/sampling", () => {
    it.each([
      ["2025-11-25", [[{ text: "one" }, { text: "two" }]]],
      ["2025-06-18", [{ text: "one" }, { text: "two" }]],
      ["2024-11-05", [{ text: "one" }, { text: "two" }]],
    ])("asks the model of a client of %s", async (version, contents) => {
      const client = await connect({ version });
      expect(JSON.parse(textOf(await client.call("complete")))).toMatchObject({ text: "three" });
      const { params } = await client.first("sampling/createMessage");
      expect(params?.messages).toMatchObject(
        contents.map((content) => ({ role: "user", content })),
      );
    });
  });

  describe("basic/utilities/progress", () => {
    it("the progress value MUST increase with each notification, though the handler runs again", async () => {
      const client = await connect();
      await client.call("ask", {}, { progressToken: "p" });
      expect(client.all("notifications/progress").map(({ params }) => params)).toEqual([
        { progressToken: "p", progress: 1, total: 3 },
        { progressToken: "p", progress: 2, total: 3 },
        { progressToken: "p", progress: 3, total: 3 },
      ]);
    });

    it("sends none without a token", async () => {
      const client = await connect();
      await client.call("ask");
      expect(client.all("notifications/progress")).toEqual([]);
    });
  });

  describe("server/utilities/logging", () => {
    const logged = (client: LegacyClient) =>
      client.all("notifications/message").map(({ params }) => params?.data);

    it("sends each message once, though the handler runs again", async () => {
      const client = await connect();
      await client.call("ask");
      expect(logged(client)).toEqual(["asking", "asked"]);
    });

    it.each([
      ["debug", ["d", "i", "e"]],
      ["info", ["i", "e"]],
      ["error", ["e"]],
      ["emergency", []],
    ])("sends the messages from the level %s on", async (level, messages) => {
      const client = await connect();
      expect(await client.result("logging/setLevel", { level })).toEqual({});
      await client.call("levels");
      expect(logged(client)).toEqual(messages);
    });

    it("returns -32602 for an invalid log level", async () => {
      const client = await connect();
      await expect(client.result("logging/setLevel", { level: "loud" })).rejects.toMatchObject({
        code: -32602,
      });
    });

    it("keeps the levels of sessions apart", async () => {
      const [quiet, loud] = [await connect(), await connect()];
      await quiet.result("logging/setLevel", { level: "emergency" });
      await quiet.call("levels");
      await loud.call("levels");
      expect([logged(quiet), logged(loud)]).toEqual([[], ["i", "e"]]);
    });
  });

  describe("basic/utilities/cancellation", () => {
    it.each(["wait", "quiet"])(
      "stops the call of %s, and sends no response for it",
      async (name) => {
        const client = await connect();
        const responses: unknown[] = [];
        void client.requestAs("w", "tools/call", { name, arguments: {} }).then((response) => {
          responses.push(response);
        });
        if (name === "wait") await client.first("notifications/message");
        else await client.result("ping");
        await client.notify("notifications/cancelled", { requestId: "w", reason: "enough" });
        await served.aborted.first(() => true);
        expect(await client.result("ping")).toEqual({});
        expect(responses).toEqual([]);
      },
    );

    it("withdraws the question of a call that the client cancels", async () => {
      const client = await connect({ answer: () => undefined });
      void client.requestAs("a", "tools/call", { name: "ask", arguments: {} });
      const question = await client.first("elicitation/create");
      await client.notify("notifications/cancelled", { requestId: "a" });
      const { params } = await client.first("notifications/cancelled");
      expect(params).toMatchObject({ requestId: question.id });
    });

    it.each([{ requestId: "unknown" }, { requestId: {} }, {}, { requestId: "__proto__" }])(
      "ignores an invalid notification: %j",
      async (params) => {
        const client = await connect();
        await client.notify("notifications/cancelled", params);
        expect(await client.result("ping")).toEqual({});
      },
    );
  });

  describe("server/resources#subscriptions", () => {
    const updates = "notifications/resources/updated";

    it("reports updates of the resources that the client has subscribed to", async () => {
      const client = await connect();
      expect(await client.result("resources/subscribe", { uri: "file:///a" })).toEqual({});
      await client.call("change");
      expect((await client.first(updates)).params).toEqual({ uri: "file:///a" });
      await client.result("resources/unsubscribe", { uri: "file:///a" });
      await client.call("change");
      await client.received.first(
        () => client.all("notifications/tools/list_changed").length === 2,
      );
      expect(client.all(updates)).toHaveLength(1);
    });

    it("keeps all subscriptions that are made at once", async () => {
      const client = await connect();
      const uris = ["note://1", "note://2", "note://3", "file:///a"];
      await Promise.all(uris.map((uri) => client.result("resources/subscribe", { uri })));
      for (const uri of uris) await served.server.resourceUpdated(uri);
      await client.received.first(() => client.all(updates).length === uris.length);
      expect(client.all(updates).map(({ params }) => params?.uri)).toEqual(uris);
    });

    it("returns -32002 for an unknown resource", async () => {
      const client = await connect();
      const uri = "file:///unknown";
      for (const method of ["resources/subscribe", "resources/read"]) {
        await expect(client.result(method, { uri })).rejects.toMatchObject({
          code: -32002,
          data: { uri },
        });
      }
    });

    it.each([{}, { uri: 1 }, { uri: null }])("returns -32602 for %j", async (params) => {
      const client = await connect();
      await expect(client.result("resources/subscribe", params)).rejects.toMatchObject({
        code: -32602,
      });
    });

    it("reports changes of the lists without a subscription", async () => {
      const client = await connect();
      await client.call("change");
      const { params } = await client.first("notifications/tools/list_changed");
      expect(params ?? {}).toEqual({});
    });
  });

  describe("errors", () => {
    it("masks the failure of a tool", async () => {
      const client = await connect();
      const { content, isError } = await client.call("fail");
      expect([isError, JSON.stringify(content).includes("secret")]).toEqual([true, false]);
    });

    it.each(["tools/dance", "__proto__", "constructor", "subscriptions/listen", "server/discover"])(
      "returns -32601 for the method %s, which the revision lacks",
      async (method) => {
        const client = await connect();
        await expect(client.result(method)).rejects.toMatchObject({ code: -32601 });
      },
    );

    it.each([
      ["tools/call", { name: "__proto__", arguments: {} }],
      ["tools/call", { name: "constructor" }],
      ["tools/call", { name: "echo", arguments: JSON.parse('{"__proto__":{"text":"x"}}') }],
      ["prompts/get", { name: "toString" }],
      ["tools/list", { cursor: "__proto__" }],
    ])("treats a name of objects in %s like any other", async (method, params) => {
      const client = await connect();
      const { error, result } = await client.request(method, params);
      expect(error?.code ?? result?.isError).toSatisfy((code) => [-32602, true].includes(code));
    });
  });
});

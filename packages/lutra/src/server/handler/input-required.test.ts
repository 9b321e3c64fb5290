import { describe, expect, it } from "vitest";
import type { ClientCapabilities } from "../../protocol/capabilities.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { Result } from "../../protocol/json-rpc.ts";
import { createServer } from "../create-server.ts";
import { ask } from "../fixtures/ask.ts";
import {
  accept,
  call,
  errors,
  every,
  form,
  greet,
  greetByHand,
  type Handler,
  retryOf,
  serverOf,
  textOf,
} from "../fixtures/asking.ts";
import { defineResource } from "../resources.ts";
import { inputRequired, ToolError } from "../results.ts";

describe.each([
  ["straight-line", greet],
  ["in explicit form", greetByHand],
])("basic/patterns/mrtr#basic-workflow, %s", (_form, handler) => {
  it.each<[string, JSONObject, (result: Result) => unknown]>([
    ["tools/call", { name: "t" }, (result) => result.content],
    ["prompts/get", { name: "p", arguments: { a: "x" } }, (result) => result.messages],
    ["resources/read", { uri: "a:b" }, (result) => result.contents],
    ["resources/read", { uri: "x://1" }, (result) => result.contents],
  ])("the retry of %s has the answer", async (method, params, read) => {
    const server = serverOf(handler);
    const options = { capabilities: every };
    const asked = await ask(server, method, params, options);
    expect(asked).toEqual({
      resultType: "input_required",
      inputRequests: {
        who: { method: "elicitation/create", params: { mode: "form", ...form } },
      },
      requestState: expect.any(String),
      _meta: expect.anything(),
    });
    const answered = { ...params, ...retryOf(asked, { who: accept({ name: "Ada" }) }) };
    const result = await ask(server, method, answered, { ...options, id: 2 });
    expect(result.resultType).toBe("complete");
    expect(JSON.stringify(read(result))).toContain("Hello, Ada");
  });

  it("any replica with the same keys completes it", async () => {
    const asked = await call(serverOf(handler));
    const other = serverOf(handler);
    expect(textOf(await call(other, retryOf(asked, { who: accept({ name: "Ada" }) })))).toBe(
      "Hello, Ada",
    );
  });

  it.each(["decline", "cancel"])("client/elicitation#response-actions: %s", async (action) => {
    const server = serverOf(handler);
    const asked = await call(server);
    expect(textOf(await call(server, retryOf(asked, { who: { action } })))).toBe(action);
  });

  it.each<[string, JSONObject]>([
    ["no answers at all", {}],
    ["an answer to something else", { else: accept({ name: "Ada" }) }],
    ["an answer under a name of the prototype", { constructor: accept({ name: "Ada" }) }],
    ["an answer without an action", { who: { content: { name: "Ada" } } }],
    ["an answer that is null", { who: null }],
    ["an answer of another kind", { who: { roots: [] } }],
    [
      "client/elicitation#form-mode-security: content of another type",
      { who: accept({ name: 1 }) },
    ],
    ["content that breaks a bound", { who: accept({ name: "" }) }],
    ["content without what is required", { who: accept({}) }],
    ["accepted without content", { who: { action: "accept" } }],
    ["nested content", { who: accept({ name: { first: "Ada" } }) }],
  ])("what is missing or not valid is asked again: %s", async (_what, inputResponses) => {
    const server = serverOf(handler);
    const first = await call(server);
    const again = await call(server, retryOf(first, inputResponses));
    expect(again).toMatchObject({
      resultType: "input_required",
      inputRequests: first.inputRequests,
    });
    const end = await call(server, retryOf(again, { who: accept({ name: "Ada" }) }));
    expect(textOf(end)).toBe("Hello, Ada");
  });

  it("the server SHOULD ignore any information it does not recognize", async () => {
    const server = serverOf(handler);
    const extra = { who: { ...accept({ name: "Ada" }), more: 1 }, unknown: { deep: [[]] } };
    expect(textOf(await call(server, retryOf(await call(server), extra)))).toBe("Hello, Ada");
  });

  it("servers MUST NOT send a kind that the client has not declared", async () => {
    const kinds: readonly ClientCapabilities[] = [
      {},
      { elicitation: { url: {} } },
      { sampling: {} },
    ];
    for (const capabilities of kinds) {
      await expect(call(serverOf(handler), {}, { capabilities })).rejects.toMatchObject({
        code: -32021,
        status: 400,
        data: { requiredCapabilities: { elicitation: { form: {} } } },
      });
    }
    const asked = await call(serverOf(handler), {}, { capabilities: { elicitation: {} } });
    expect(asked.resultType).toBe("input_required");
  });

  it("interim results carry no caching hints", async () => {
    const asked = await ask(
      serverOf(handler),
      "resources/read",
      { uri: "a:b" },
      { capabilities: every },
    );
    expect(asked).not.toHaveProperty("ttlMs");
    expect(asked).not.toHaveProperty("cacheScope");
  });
});

it("answers without requestState are to no question in explicit form, and are ignored", async () => {
  const inputResponses = { who: accept({ name: "Ada" }) };
  const asked = await call(serverOf(greetByHand), { inputResponses });
  expect(asked.resultType).toBe("input_required");
});

describe("server/utilities/caching#cache-key", () => {
  it("results of a retry MUST NOT be cached, whatever the resource says", async () => {
    const cache = { ttlMs: 60_000, cacheScope: "public" } as const;
    const resource = defineResource({
      uri: "a:b",
      name: "b",
      cache,
      read: (_uri, context) => greet(context) as Promise<string>,
    });
    const server = createServer({ name: "test", version: "1", resources: [resource] });
    const options = { capabilities: every };
    const asked = await ask(server, "resources/read", { uri: "a:b" }, options);
    const params = { uri: "a:b", ...retryOf(asked, { who: accept({ name: "Ada" }) }) };
    expect(await ask(server, "resources/read", params, options)).toMatchObject({
      contents: [{ text: "Hello, Ada" }],
      ttlMs: 0,
      cacheScope: "private",
    });
  });
});

describe("a handler that waits for an answer", () => {
  it("has its finally blocks run in every round", async () => {
    const cleaned: string[] = [];
    const server = serverOf(async (context) => {
      try {
        return (await context.elicit("q", form)).action;
      } finally {
        cleaned.push("cleaned");
      }
    });
    const asked = await call(server);
    expect(cleaned).toHaveLength(1);
    await call(server, retryOf(asked, { q: { action: "cancel" } }));
    expect(cleaned).toHaveLength(2);
  });

  it.each<[string, Handler]>([
    ["returns", (c) => (c.elicit("q", form) as Promise<unknown>).catch(() => "swallowed")],
    [
      "throws something else",
      (c) => c.elicit("q", form).catch(() => Promise.reject(new Error("x"))),
    ],
    [
      "throws a ToolError",
      (c) => c.elicit("q", form).catch(() => Promise.reject(new ToolError("x"))),
    ],
    ["asks by hand", (c) => c.elicit("q", form).catch(() => inputRequired({ state: 1 }))],
  ])("does not swallow the question in a catch block that %s", async (_what, handler) => {
    const asked = await call(serverOf(handler));
    expect(asked).toMatchObject({ resultType: "input_required", inputRequests: { q: {} } });
    expect(errors).toEqual([]);
  });

  it("may still refuse the request by a protocol error of its own", async () => {
    const server = serverOf(async (context) => {
      context.elicit("q", form);
      throw new ProtocolError("invalidParams", "no such trip");
    });
    await expect(call(server)).rejects.toMatchObject({ code: -32602, message: "no such trip" });
  });
});

import { describe, expect, it } from "vitest";
import * as z from "zod";
import type { ClientCapabilities } from "../../protocol/capabilities.ts";
import type { ProtocolError } from "../../protocol/errors.ts";
import type { InputRequests } from "../../protocol/input-required.ts";
import type { JSONObject } from "../../protocol/json.ts";
import {
  accept,
  call,
  errors,
  form,
  type Handler,
  message,
  retryOf,
  sampling,
  serverOf,
  textOf,
  url,
} from "../fixtures/asking.ts";
import { inputRequired } from "../results.ts";

describe("basic/patterns/mrtr#inputrequests: kinds", () => {
  it.each<[string, Handler, InputRequests[string], unknown, string]>([
    [
      "a URL",
      async (context) => (await context.elicit("q", url)).action,
      { method: "elicitation/create", params: url },
      { action: "accept" },
      "accept",
    ],
    [
      "a message of the client's model",
      async (context) => JSON.stringify((await context.sample("q", sampling)).content),
      { method: "sampling/createMessage", params: sampling },
      message,
      JSON.stringify(message.content),
    ],
    [
      "the client's directories",
      async (context) => (await context.roots("q")).map(({ uri }) => uri).join(),
      { method: "roots/list" },
      { roots: [{ uri: "file:///a" }, { uri: "file:///b" }] },
      "file:///a,file:///b",
    ],
  ])("%s", async (_what, handler, request, response, text) => {
    const server = serverOf(handler);
    const asked = await call(server);
    expect(asked.inputRequests).toEqual({ q: request });
    expect(await call(server, retryOf(asked, { q: { wrong: true } }))).toMatchObject({
      resultType: "input_required",
    });
    expect(textOf(await call(server, retryOf(asked, { q: response })))).toBe(text);
  });

  it.each<[string, Handler, JSONObject, ClientCapabilities]>([
    ["a URL", (c) => c.elicit("q", url), { elicitation: { url: {} } }, { elicitation: {} }],
    ["sampling", (c) => c.sample("q", sampling), { sampling: {} }, { elicitation: {} }],
    [
      "sampling with tools",
      (c) => c.sample("q", { ...sampling, tools: [] }),
      { sampling: { tools: {} } },
      { sampling: {} },
    ],
    [
      "client/sampling#capabilities: sampling with context",
      (c) => c.sample("q", { ...sampling, includeContext: "allServers" }),
      { sampling: { context: {} } },
      { sampling: {} },
    ],
    ["roots", (c) => c.roots("q"), { roots: {} }, {}],
    [
      "one of several in explicit form",
      () =>
        inputRequired({
          inputRequests: {
            a: { method: "roots/list" },
            b: { method: "sampling/createMessage", params: sampling },
          },
        }),
      { sampling: {} },
      { roots: {} },
    ],
  ])(
    "an undeclared one is refused with what is missing: %s",
    async (_what, handler, requiredCapabilities, capabilities) => {
      await expect(call(serverOf(handler), {}, { capabilities })).rejects.toMatchObject({
        code: -32021,
        data: { requiredCapabilities },
      });
    },
  );

  it("a handler may do without what was not declared", async () => {
    const handler: Handler = async (context) => {
      try {
        return JSON.stringify(await context.sample("q", sampling));
      } catch (error) {
        return `without: ${(error as ProtocolError).code}`;
      }
    };
    expect(textOf(await call(serverOf(handler), {}, { capabilities: {} }))).toBe("without: -32021");
  });

  it.each<[string, Handler]>([
    ["a URL that is none", (c) => c.elicit("q", { ...url, url: "not a url" })],
    [
      "a form that is nested",
      (c) =>
        c.elicit("q", {
          ...form,
          requestedSchema: { type: "object", properties: { a: { type: "object" } } } as JSONObject,
        }),
    ],
    [
      "a form that is a list",
      (c) => c.elicit("q", { ...form, requestedSchema: { type: "array" } as JSONObject }),
    ],
    [
      "sampling with a tool use without its result",
      (c) =>
        c.sample("q", {
          ...sampling,
          messages: [
            { role: "assistant", content: { type: "tool_use", id: "1", name: "t", input: {} } },
          ],
        }),
    ],
    [
      "a request that does not exist, by hand",
      () => inputRequired({ inputRequests: { q: { method: "tools/call" } as never } }),
    ],
    ["nothing at all, by hand", () => inputRequired({})],
  ])(
    "what makes no sense is the author's mistake, masked and reported: %s",
    async (_what, handler) => {
      expect(await call(serverOf(handler))).toMatchObject({
        isError: true,
        content: [{ type: "text", text: "Internal error" }],
      });
      expect(errors).toEqual([expect.any(TypeError)]);
    },
  );

  it("a name that is used twice in one round is a protocol error that names it", async () => {
    const server = serverOf((c) => Promise.all([c.elicit("q", form), c.elicit("q", url)]));
    const message = 'input request "q": asked twice in one round';
    await expect(call(server)).rejects.toMatchObject({ code: -32603, message });
    expect(errors).toEqual([expect.any(TypeError)]);
  });
});

describe("several inputs at once", () => {
  const handler: Handler = async (context) => {
    const [who, where, roots] = await Promise.all([
      context.elicit("who", form),
      context.sample("where", sampling),
      context.roots("roots"),
    ]);
    return `${who.action} ${JSON.stringify(where.content)} ${roots.length}`;
  };

  it("are asked together, and partial answers are remembered", async () => {
    const server = serverOf(handler);
    const all = await call(server);
    expect(Object.keys(all.inputRequests as object)).toEqual(["who", "where", "roots"]);
    const some = await call(server, retryOf(all, { where: message, who: { action: "decline" } }));
    expect(Object.keys(some.inputRequests as object)).toEqual(["roots"]);
    const end = await call(server, retryOf(some, { roots: { roots: [] } }));
    expect(textOf(end)).toBe(`decline ${JSON.stringify(message.content)} 0`);
  });

  it("an answer of an earlier round cannot be changed later", async () => {
    const server = serverOf(handler);
    const some = await call(
      server,
      retryOf(await call(server), { where: message, roots: { roots: [] } }),
    );
    const later = { who: { action: "decline" }, roots: { roots: [{ uri: "file:///evil" }] } };
    expect(textOf(await call(server, retryOf(some, later)))).toMatch(/ 0$/);
  });

  it.each<[string, Handler, JSONObject]>([
    ["a form", (c) => c.elicit("q", form), { action: "cancel" }],
    [
      "a form of a library",
      (c) => c.elicit("q", { message: "?", requestedSchema: z.object({}) }),
      { action: "cancel" },
    ],
    ["a URL", (c) => c.elicit("q", url), { action: "cancel" }],
    ["a message", (c) => c.sample("q", sampling), message],
    ["roots", (c) => c.roots("q"), { roots: [] }],
  ])("asks a question that the handler does not await: %s", async (_what, question, answer) => {
    const server = serverOf((context) => {
      question(context);
      return "done";
    });
    const asked = await call(server);
    expect(asked.resultType).toBe("input_required");
    expect(textOf(await call(server, retryOf(asked, { q: answer })))).toBe("done");
  });
});

describe("many rounds", () => {
  it("each asks one more, with a state of its own", async () => {
    const handler: Handler = async (context) => {
      const names: string[] = [];
      for (let round = 0; round < 10; round += 1) {
        const answer = await context.elicit(`q${round}`, form);
        if (answer.action === "accept") names.push(answer.content.name);
      }
      return names.join();
    };
    const server = serverOf(handler);
    const states = new Set<unknown>();
    let result = await call(server);
    for (let round = 0; round < 10; round += 1) {
      expect(Object.keys(result.inputRequests as object)).toEqual([`q${round}`]);
      states.add(result.requestState);
      result = await call(
        server,
        retryOf(result, { [`q${round}`]: accept({ name: `n${round}` }) }),
      );
    }
    expect(states.size).toBe(10);
    expect(textOf(result)).toBe("n0,n1,n2,n3,n4,n5,n6,n7,n8,n9");
  });

  it("in explicit form, state is kept and the last answer to a key counts", async () => {
    const request = { method: "elicitation/create", params: { ...form, mode: "form" } } as const;
    const seen: unknown[] = [];
    const server = serverOf(({ state, inputResponses }) => {
      seen.push([state, inputResponses.who]);
      const round = typeof state === "number" ? state : 0;
      return round === 3
        ? "done"
        : inputRequired({ inputRequests: { who: request }, state: round + 1 });
    });
    const one = await call(server);
    const two = await call(server, retryOf(one, { who: { action: "decline" } }));
    const three = await call(server, retryOf(two, { who: { action: "cancel" } }));
    expect(textOf(await call(server, retryOf(three)))).toBe("done");
    expect(seen).toEqual([
      [undefined, undefined],
      [1, { action: "decline" }],
      [2, { action: "cancel" }],
      [3, undefined],
    ]);
  });

  it("requestState without inputRequests lets the client retry at once", async () => {
    const server = serverOf(({ state }) =>
      state === undefined ? inputRequired({ state: { at: 1 } }) : "done",
    );
    const asked = await call(server);
    expect(asked).not.toHaveProperty("inputRequests");
    expect(asked).toMatchObject({ resultType: "input_required", requestState: expect.any(String) });
    const { requestState } = asked;
    expect(textOf(await call(server, { requestState }))).toBe("done");
  });

  it("a question asked again under the same name in one run ends in an error, not in a loop", async () => {
    const server = serverOf(async (context) => {
      for (;;) {
        const answer = await context.elicit("who", form);
        if (answer.action === "accept") return answer.content.name;
      }
    });
    const asked = await call(server);
    const declined = call(server, retryOf(asked, { who: { action: "decline" } }));
    await expect(declined).rejects.toMatchObject({ code: -32603 });
    expect(errors).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/asked twice/) }),
    ]);
  });
});

describe("a form by a library's schema", () => {
  const requestedSchema = z.object({
    email: z.email(),
    age: z
      .int()
      .min(18)
      .refine((age) => age !== 99, "must not be 99"),
    plan: z.enum(["free", "paid"]).default("free"),
  });
  const handler: Handler = async (context) => {
    const answer = await context.elicit("who", { message: "Who?", requestedSchema });
    return JSON.stringify(answer);
  };

  it("is a flat object of primitive fields on the wire", async () => {
    const { inputRequests } = await call(serverOf(handler));
    expect(inputRequests).toMatchObject({
      who: {
        params: {
          requestedSchema: {
            type: "object",
            properties: {
              email: { type: "string", format: "email" },
              age: { type: "integer", minimum: 18 },
              plan: { type: "string", enum: ["free", "paid"], default: "free" },
            },
            required: ["email", "age"],
          },
        },
      },
    });
  });

  it("gives the handler what the schema makes of the answer", async () => {
    const server = serverOf(handler);
    const content = { email: "a@b.co", age: 30 };
    const end = await call(server, retryOf(await call(server), { who: accept(content) }));
    expect(textOf(end)).toBe(JSON.stringify(accept({ ...content, plan: "free" })));
  });

  it.each([
    [{ email: "no address", age: 30 }],
    [{ email: "a@b.co", age: 17 }],
    [{ email: "a@b.co", age: 99 }],
  ])("what the schema refuses is asked again: %j", async (content) => {
    const server = serverOf(handler);
    const again = await call(server, retryOf(await call(server), { who: accept(content) }));
    expect(again.resultType).toBe("input_required");
    const right = { email: "a@b.co", age: 30 };
    const end = await call(server, retryOf(again, { who: accept(right) }));
    expect(textOf(end)).toContain("a@b.co");
  });
});

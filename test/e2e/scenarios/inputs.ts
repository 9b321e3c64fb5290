/** Requests for which the server requires input. */
import type { InputRequiredResult } from "lutra/protocol";
import { expect } from "vitest";
import { expectRefusal, type Scenario, textOf } from "../scenario.ts";
import { accept, haiku, roots } from "../user.ts";

export const inputs: readonly Scenario[] = [
  {
    name: "a tool asks the user in one await",
    run: async (client, { user }) => {
      user.willAnswer(accept({ name: "Zoë 🦦" }));
      expect(textOf(await client.callTool("greet", { greeting: "Hi" }))).toBe("Hi, Zoë 🦦");
      expect(user.asked).toEqual([
        {
          mode: "form",
          message: "Who are you?",
          requestedSchema: {
            type: "object",
            properties: { name: { type: "string", minLength: 1 } },
            required: ["name"],
          },
        },
      ]);
    },
  },
  {
    name: "a user may decline or cancel the question",
    run: async (client, { user }) => {
      for (const action of ["decline", "cancel"] as const) {
        user.willAnswer({ action });
        expect(textOf(await client.callTool("greet"))).toBe(`nobody to greet (${action})`);
      }
    },
  },
  {
    name: "a tool asks in several rounds, and a step between them runs once",
    run: async (client, { user }) => {
      user.willAnswer(accept({ day: "2026-08-01" }), accept({ seats: 2 }), accept({ sure: true }));
      const text = textOf(await client.callTool("book", { place: "Köln" }));
      const [when, seats, sure] = user.asked.map(({ message }) => message);
      const reservation = /^Reserved (\S+)\./.exec(seats ?? "")?.[1];
      expect(reservation).toBeDefined();
      expect(when).toBe("When to Köln?");
      expect(sure).toBe(`2 seats on 2026-08-01 under ${reservation}?`);
      expect(text).toBe(`${reservation}: Köln, 2026-08-01, 2`);
    },
  },
  {
    name: "a tool asks for user input, sampling and roots at once",
    run: async (client, { user }) => {
      user.willAnswer(accept({ name: "Zoë" }));
      expect(JSON.parse(textOf(await client.callTool("survey")))).toEqual({
        name: accept({ name: "Zoë" }),
        haiku,
        roots,
      });
    },
  },
  {
    name: "a tool asks the user to open a URL",
    run: async (client, { user }) => {
      user.willAnswer({ action: "accept" });
      expect(textOf(await client.callTool("sign_in"))).toBe("the user did accept");
      expect(user.asked).toEqual([
        { mode: "url", message: "Sign in", url: "https://auth.example.com/start" },
      ]);
    },
  },
  {
    name: "a tool returns an input required result with its own state",
    run: async (client, { user }) => {
      user.willAnswer(accept({ name: "Ada" }), accept({ name: "Lovelace" }));
      expect(textOf(await client.callTool("by_steps"))).toBe("Ada Lovelace");
      expect(user.asked[1]?.message).toBe("Last name, Ada?");
    },
  },
  {
    name: "a form may have every kind of field, with defaults",
    run: async (_client, { connect }) => {
      const answers = [
        { text: "three", whole: 9, sure: false, one: "green", many: ["a", "c"] },
        { text: "ab", mail: "zoe@example.com", number: 0.5, one: "red", many: [] },
      ];
      const shown: unknown[] = [];
      const client = await connect({
        onElicit: (_params, { defaults, validate }) => {
          shown.push(defaults);
          expect(validate({ ...defaults, text: "too long", one: "red" })).toContain("text");
          expect(validate({ ...defaults, text: "ab", one: "blue" })).toContain("one");
          return accept({ ...defaults, ...answers[shown.length - 1] });
        },
      });
      for (const answer of answers) {
        const { content } = JSON.parse(textOf(await client.callTool("fill_in")));
        expect(content).toEqual({ whole: 5, sure: true, ...answer });
      }
      expect(shown).toEqual([
        { whole: 5, sure: true },
        { whole: 5, sure: true },
      ]);
    },
  },
  {
    name: "a tool may have the client retry without any input",
    run: async (client) => {
      expect(textOf(await client.callTool("later"))).toBe("ready now");
    },
  },
  {
    name: "prompts and resources may ask for input, too",
    run: async (client, { user }) => {
      user.willAnswer(accept({ topic: "otters" }));
      expect((await client.getPrompt("interview")).messages).toEqual([
        { role: "user", content: { type: "text", text: "Ask about otters." } },
      ]);
      user.willAnswer(accept({ code: "1234" }));
      expect((await client.readResource("vault://note")).contents).toEqual([
        { uri: "vault://note", text: "opened with 1234" },
      ]);
    },
  },
  {
    name: "concurrent exchanges do not mix their answers",
    run: async (_client, { connect }) => {
      const client = await connect({
        onElicit: (_params, { round, signal }) => {
          expect([round, signal.aborted]).toEqual([1, false]);
          return accept({ name: `user ${names.shift()}` });
        },
      });
      const names = Array.from({ length: 30 }, (_, index) => index);
      const texts = await Promise.all(
        names.map(async () => textOf(await client.callTool("greet"))),
      );
      expect(new Set(texts).size).toBe(30);
    },
  },
  {
    name: "a caller may answer itself, and is asked again for missing answers",
    isModern: true,
    run: async (client) => {
      const first = await requireInput(client.callTool("survey", {}, { inputs: "manual" }));
      expect(Object.keys(first.inputRequests ?? {})).toEqual(["name", "haiku", "roots"]);
      const second = await requireInput(
        client.callTool(
          "survey",
          {},
          {
            inputs: "manual",
            requestState: first.requestState as string,
            inputResponses: { haiku, roots: { roots } },
          },
        ),
      );
      expect(Object.keys(second.inputRequests ?? {})).toEqual(["name"]);
      const result = await client.callTool(
        "survey",
        {},
        {
          inputs: "manual",
          requestState: second.requestState as string,
          inputResponses: { name: accept({ name: "Zoë" }) },
        },
      );
      expect(result).toMatchObject({ resultType: "complete" });
      expect(JSON.parse(textOf(result as never))).toMatchObject({ haiku, roots });
    },
  },
  {
    name: "an answer that does not match its form is requested again",
    isModern: true,
    run: async (client) => {
      const { requestState } = await requireInput(
        client.callTool("greet", {}, { inputs: "manual" }),
      );
      const again = await requireInput(
        client.callTool(
          "greet",
          {},
          {
            inputs: "manual",
            requestState: requestState as string,
            inputResponses: { name: accept({ name: "" }) },
          },
        ),
      );
      expect(Object.keys(again.inputRequests ?? {})).toEqual(["name"]);
    },
  },
  {
    name: "request state is refused if it was changed or belongs to another request",
    isModern: true,
    run: async (client) => {
      const { requestState } = await requireInput(
        client.callTool("greet", {}, { inputs: "manual" }),
      );
      const state = requestState as string;
      const middle = state.length >> 1;
      const other = state[middle] === "A" ? "B" : "A";
      const tampered = state.slice(0, middle) + other + state.slice(middle + 1);
      const inputResponses = { name: accept({ name: "Zoë" }) };
      for (const [name, args, requestState] of [
        ["greet", {}, tampered],
        ["greet", {}, "nonsense"],
        ["greet", { greeting: "Bye" }, state],
        ["survey", {}, state],
      ] as const) {
        const call = client.callTool(name, args, { requestState, inputResponses });
        await expectRefusal(call, -32602);
      }
    },
  },
  {
    name: "an input response is accepted only once",
    isModern: true,
    run: async (client) => {
      const manual = { inputs: "manual" } as const;
      const { requestState } = await requireInput(client.callTool("pay", {}, manual));
      const inputResponses = { pay: accept({}) };
      const answer = { ...manual, requestState: requestState as string, inputResponses };
      expect(textOf((await client.callTool("pay", {}, answer)) as never)).toBe("paid");
      for (let again = 0; again < 4; again += 1) {
        await expectRefusal(client.callTool("pay", {}, answer), -32602);
      }
    },
  },
  {
    name: "a call can be cancelled while the user is answering",
    run: async (_client, { connect }) => {
      const abort = new AbortController();
      let heard: AbortSignal | undefined;
      const client = await connect({
        onElicit: (_params, { signal }) => {
          heard = signal;
          abort.abort();
          return new Promise(() => {});
        },
      });
      const call = client.callTool("greet", {}, { signal: abort.signal });
      await expect(call).rejects.toMatchObject({ reason: "aborted" });
      expect(heard?.aborted).toBe(true);
    },
  },
  {
    name: "a client is asked only for input that it declared",
    isModern: true,
    run: async (_client, { connect }) => {
      const client = await connect();
      const asks = await expectRefusal(client.callTool("greet"), -32021);
      expect(asks.data).toMatchObject({ requiredCapabilities: { elicitation: { form: {} } } });
      const requires = await expectRefusal(client.callTool("needs_sampling"), -32021);
      expect(requires.data).toMatchObject({ requiredCapabilities: { sampling: {} } });
      const formsOnly = await connect({ onElicit: () => ({ action: "cancel" }) });
      const url = await expectRefusal(formsOnly.callTool("sign_in"), -32021);
      expect(url.data).toMatchObject({ requiredCapabilities: { elicitation: { url: {} } } });
    },
  },
];

async function requireInput(work: Promise<unknown>): Promise<InputRequiredResult> {
  const result = await work;
  expect(result).toMatchObject({ resultType: "input_required" });
  return result as InputRequiredResult;
}

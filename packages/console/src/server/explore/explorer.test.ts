/** The backend of the Explore view, against a server in memory. */
import { createClient } from "lutra/client";
import {
  createServer,
  definePrompt,
  defineResourceTemplate,
  defineTool,
  ToolError,
} from "lutra/server";
import { tasks } from "lutra/tasks";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { ApiCall, ApiStream } from "../api-route.ts";
import { createExplorer } from "./explorer.ts";
import type { Question } from "./questions.ts";
import type { Run } from "./runs.ts";
import type { WireMessage } from "./wire-message.ts";

const ask = defineTool({
  name: "ask",
  call: async (_args, context) => {
    const answer = await context.elicit("n", {
      message: "How many?",
      requestedSchema: {
        type: "object",
        properties: { n: { type: "integer", minimum: 1, default: 2 } },
        required: ["n"],
      },
    });
    return JSON.stringify(answer);
  },
});

const fail = defineTool({
  name: "fail",
  call: () => {
    throw new ToolError("no such place");
  },
});

const step = defineTool({
  name: "step",
  call: async (_args, context) => {
    await context.progress({ progress: 1, total: 2, message: "half" });
    return "done";
  },
});

/** Runs until it is aborted. */
const wait = defineTool({
  name: "wait",
  call: (_args, { signal }) =>
    new Promise<string>((resolve) => signal.addEventListener("abort", () => resolve("aborted"))),
});

const work = defineTool({
  name: "work",
  task: "required",
  call: (_args, { signal }) =>
    new Promise<string>((resolve) => signal.addEventListener("abort", () => resolve("aborted"))),
});

const server = () =>
  createServer({
    name: "test",
    version: "1.0.0",
    tools: [ask, fail, step, wait, work],
    prompts: [
      definePrompt({
        name: "plan",
        arguments: { city: { complete: (value) => [`${value}bon`] } },
        get: ({ city = "" }) => `Plan ${city}`,
      }),
    ],
    resourceTemplates: [
      defineResourceTemplate({
        uriTemplate: "place://{id}",
        name: "place",
        read: ({ id }) => `place ${id}`,
      }),
    ],
    extensions: [tasks()],
  });

/** Calls the routes of an explorer as the page does. */
function explore() {
  const served = server();
  const explorer = createExplorer({
    target: { kind: "module", label: "test" },
    connect: (options) => {
      const client = createClient({ serve: served.serve }, options);
      return { client, close: () => client.close() };
    },
  });
  onTestFinished(async () => {
    await explorer.close();
    await served.close();
  });
  const { signal } = new AbortController();

  async function call<T>(path: string, body?: object): Promise<T> {
    const [name, query] = path.split("?");
    const method = body === undefined ? "GET" : "POST";
    const route = explorer.routes.find(
      (each) => each.path === `explore/${name}` && "method" in each && each.method === method,
    ) as ApiCall;
    const request = { query: new URLSearchParams(query), body: { ...body }, signal };
    return (await route.serve(request)) as T;
  }

  /** Starts a call. */
  async function start(name: string, args: object = {}, kind = "tool"): Promise<number> {
    return (await call<{ id: number }>("call", { kind, name, args })).id;
  }

  const read = (id: number) => call<Run & { messages: WireMessage[] }>(`run?id=${id}`);

  /** Resolves to a call once it is in a state. */
  const until = (id: number, state: Run["state"]) =>
    vi.waitFor(
      async () => {
        const run = await read(id);
        expect(run.state).toBe(state);
        return run;
      },
      { timeout: 15_000 },
    );

  /** The data of all events so far, by their names. */
  function events() {
    const seen: { readonly event: string; readonly data: unknown }[] = [];
    const route = explorer.routes.find((each) => each.path === "explore/events") as ApiStream;
    void route.stream((event, data) => void seen.push({ event, data }), {
      query: new URLSearchParams(),
      body: {},
      signal,
      isReading: () => true,
    });
    return seen;
  }

  const question = () =>
    vi.waitFor(
      () => {
        const [snapshot] = events();
        const { questions } = (snapshot?.data ?? { questions: [] }) as {
          questions: readonly Question[];
        };
        expect(questions).toHaveLength(1);
        return questions[0] as Question;
      },
      { timeout: 15_000 },
    );

  return { call, start, read, until, events, question };
}

describe("the lists", () => {
  it("contain the entries, and say what the server does not offer", async () => {
    const { call } = explore();
    expect(await call("catalogue")).toMatchObject({
      server: { name: "test", version: "1.0.0" },
      tools: { isOffered: true, entries: [{ name: "ask" }, {}, {}, {}, {}] },
      templates: { isOffered: true, entries: [{ uriTemplate: "place://{id}" }] },
      prompts: { isOffered: true, entries: [{ name: "plan" }] },
    });
  });
});

describe("a call", () => {
  it.each([
    ["tool", "step", {}, { content: [{ type: "text", text: "done" }] }],
    ["prompt", "plan", { city: "Lisbon" }, { messages: [{ content: { text: "Plan Lisbon" } }] }],
    ["resource", "place://7", {}, { contents: [{ text: "place 7" }] }],
  ])("of a %s has its result and its messages", async (kind, name, args, result) => {
    const { start, until } = explore();
    const run = await until(await start(name, args, kind), "done");
    expect(run).toMatchObject({ kind, name, args, result });
    const directions = run.messages.map(({ direction }) => direction);
    expect(directions[0]).toBe("sent");
    expect(directions.at(-1)).toBe("received");
  });

  it("shows progress, and an error of the tool as such", async () => {
    const { start, until } = explore();
    const run = await until(await start("step"), "done");
    expect(run.progress).toEqual({ progress: 1, total: 2, message: "half" });
    expect(await until(await start("fail"), "done")).toMatchObject({ isError: true });
  });

  it("shows the code of a request that the server refuses", async () => {
    const { start, until } = explore();
    const { error } = await until(await start("missing"), "failed");
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining("missing") });
  });

  it("is cancelled by the page", async () => {
    const { call, start, until } = explore();
    const id = await start("wait");
    await call("cancel", { id });
    expect(await until(id, "cancelled")).toMatchObject({ error: { reason: "aborted" } });
  });

  it("is refused with an unknown kind, or arguments of another type", async () => {
    const { start } = explore();
    await expect(start("t", {}, "command")).rejects.toMatchObject({ status: 400 });
    await expect(start("t", [])).rejects.toMatchObject({ status: 400 });
  });
});

describe("a question", () => {
  it("belongs to its call, and is answered by the page", async () => {
    const { call, start, until, question } = explore();
    const id = await start("ask");
    const asked = await question();
    expect(asked).toMatchObject({ runId: id, kind: "form", name: "ask", defaults: { n: 2 } });
    await call("answer", { id: asked.id, action: "accept", content: { n: 3 } });
    const { result } = await until(id, "done");
    expect(JSON.stringify(result)).toContain('\\"n\\":3');
  });

  it("stays open after an answer that its schema refuses", async () => {
    const { call, start, until, question } = explore();
    const id = await start("ask");
    const asked = await question();
    const answer = (body: object) => call("answer", { id: asked.id, ...body });
    await expect(answer({ action: "accept", content: { n: 0 } })).rejects.toMatchObject({
      status: 422,
    });
    await expect(answer({ action: "maybe" })).rejects.toMatchObject({ status: 400 });
    await answer({ action: "decline" });
    await until(id, "done");
    await expect(answer({ action: "decline" })).rejects.toMatchObject({ status: 404 });
  });

  it("is closed when its call is cancelled", async () => {
    const { call, start, until, question, events } = explore();
    const id = await start("ask");
    await question();
    await call("cancel", { id });
    await until(id, "cancelled");
    expect(events()[0]?.data).toMatchObject({ questions: [] });
  });
});

describe("a task", () => {
  it("is followed, and cancelled at the server", async () => {
    const { call, start, until, read } = explore();
    const id = await start("work");
    await vi.waitFor(
      async () => expect((await read(id)).task).toMatchObject({ status: "working" }),
      { timeout: 15_000 },
    );
    await call("cancel", { id });
    const run = await until(id, "cancelled");
    expect(run).toMatchObject({ task: { status: "cancelled" }, error: { reason: "cancelled" } });
  });
});

describe("a completion", () => {
  it("has the suggestions of the server", async () => {
    const { call } = explore();
    const ref = { type: "ref/prompt", name: "plan" };
    expect(await call("complete", { ref, argument: { name: "city", value: "Lis" } })).toMatchObject(
      { values: ["Lisbon"] },
    );
  });
});

describe("the events", () => {
  it("begin with the state, and contain each change", async () => {
    const { start, until, events } = explore();
    const seen = events();
    const id = await start("step");
    await until(id, "done");
    expect(seen[0]).toMatchObject({ event: "snapshot", data: { target: { label: "test" } } });
    await vi.waitFor(
      () =>
        expect(seen).toContainEqual({
          event: "run",
          data: expect.objectContaining({ id, state: "done" }),
        }),
      { timeout: 15_000 },
    );
  });
});

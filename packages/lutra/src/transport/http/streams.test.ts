import { afterEach, describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../../protocol/errors.ts";
import type { RequestContext, Serve } from "../../protocol/exchange.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { Server } from "../../server/compile-server.ts";
import { createServer } from "../../server/create-server.ts";
import type { HandlerContext } from "../../server/handler/handler-context.ts";
import { defineResource } from "../../server/resources.ts";
import { toolResult } from "../../server/results.ts";
import { defineTool } from "../../server/tools.ts";
import {
  type HttpAnswer,
  type HttpQuestion,
  type Runner,
  runners,
} from "./fixtures/run-handler.ts";
import type { HttpHandlerOptions } from "./rules.ts";

const key = "io.modelcontextprotocol/subscriptionId";
const errors: unknown[] = [];
const onError = (error: unknown) => void errors.push(error);

function question(method: string, params: JSONObject = {}, meta: JSONObject = {}, id: unknown = 1) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    ...meta,
  };
  const name = params.name;
  return {
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof name === "string" && { "mcp-name": name }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta } }),
  } satisfies HttpQuestion;
}

const call = (meta: JSONObject = { progressToken: "p" }, id?: unknown) =>
  question("tools/call", { name: "t" }, meta, id);
const listen = (notifications: JSONObject, id: unknown = 1) =>
  question("subscriptions/listen", { notifications }, {}, id);

function serverOf(handler: (context: HandlerContext) => unknown): Server {
  const tool = defineTool({ name: "t", call: (_args, context) => handler(context) as string });
  const resources = [defineResource({ uri: "a:b", name: "b", read: () => "" })];
  return createServer({
    name: "test",
    version: "1",
    tools: [tool],
    resources,
    logging: true,
    onError,
  });
}

async function nextMessage(answer: HttpAnswer): Promise<Record<string, unknown> | undefined> {
  for (;;) {
    const event = await answer.next();
    if (event === undefined) return undefined;
    if (event.startsWith(":")) continue;
    expect(event).toMatch(/^event: message\ndata: [^\n]*$/);
    return JSON.parse(event.slice("event: message\ndata: ".length));
  }
}

async function messagesOf(answer: HttpAnswer): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = [];
  for (;;) {
    const message = await nextMessage(answer);
    if (message === undefined) return all;
    all.push(message);
  }
}

function deferred<T = void>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const turns = async (count: number) => {
  for (let index = 0; index < count; index += 1) await turn();
};

const running: Runner[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ close }) => close()));
  vi.restoreAllMocks();
  expect(errors.splice(0)).toEqual([]);
});

describe.each(runners)("%s", (_name, run) => {
  async function start(server: { readonly serve: Serve }, options: HttpHandlerOptions = {}) {
    const runner = await run(server, { onError, ...options });
    running.push(runner);
    return runner;
  }

  describe("basic/transports/streamable-http#receiving-messages", () => {
    it("notifications precede the final response, which ends the stream", async () => {
      const runner = await start(
        serverOf(async (context) => {
          await context.progress({ progress: 1, total: 2, message: "half\nway" });
          context.log("info", "naïve 🦦");
          context.progress(2);
          return "done";
        }),
      );
      const meta = { progressToken: "p", "io.modelcontextprotocol/logLevel": "info" };
      const answer = await runner.ask(call(meta, "id-7"));
      expect(answer.status).toBe(200);
      expect(answer.headers["content-type"]).toBe("text/event-stream");
      const progress = { progressToken: "p", progress: 1, total: 2, message: "half\nway" };
      expect(await messagesOf(answer)).toEqual([
        { jsonrpc: "2.0", method: "notifications/progress", params: progress },
        {
          jsonrpc: "2.0",
          method: "notifications/message",
          params: { level: "info", data: "naïve 🦦" },
        },
        {
          jsonrpc: "2.0",
          method: "notifications/progress",
          params: { progressToken: "p", progress: 2 },
        },
        { jsonrpc: "2.0", id: "id-7", result: expect.objectContaining({ resultType: "complete" }) },
      ]);
    });

    it("a request without notifications has no stream", async () => {
      const runner = await start(serverOf((context) => context.progress(1)));
      const answer = await runner.ask(call({}));
      expect(answer.headers["content-type"]).toBe("application/json");
      expect(JSON.parse(await answer.text())).toMatchObject({ id: 1, result: { content: [] } });
    });

    it("servers SHOULD include X-Accel-Buffering: no, and streams are not cached", async () => {
      const runner = await start(serverOf((context) => context.progress(1)));
      const { headers } = await runner.ask(call());
      expect(headers["x-accel-buffering"]).toBe("no");
      expect(headers["cache-control"]).toContain("no-cache");
      expect(headers["cache-control"]).toContain("no-transform");
      expect(headers["mcp-session-id"]).toBeUndefined();
    });

    it("an error after a notification is the final response", async () => {
      const runner = await start(
        serverOf((context) => {
          context.progress(1);
          throw new ProtocolError("internalError", "broken");
        }),
      );
      const [, last, ...rest] = await messagesOf(await runner.ask(call({ progressToken: 1 }, 9)));
      const error = { code: -32603, message: "broken" };
      expect(last).toEqual({ jsonrpc: "2.0", id: 9, error });
      expect(rest).toEqual([]);
    });

    it("a result that JSON cannot carry becomes an error, also on a stream", async () => {
      const runner = await start(
        serverOf((context) => {
          context.progress(1);
          return toolResult({ content: [], structuredContent: 1n });
        }),
      );
      const [, last] = await messagesOf(await runner.ask(call()));
      expect(last).toMatchObject({ id: 1, error: { code: -32603 } });
      expect(errors.splice(0)).toHaveLength(1);
    });

    it("no message on a stream is a request", async () => {
      const runner = await start(
        serverOf((context) => {
          context.progress(1);
          context.log("info", {});
          return "x";
        }),
      );
      const meta = { progressToken: 1, "io.modelcontextprotocol/logLevel": "debug" };
      for (const message of await messagesOf(await runner.ask(call(meta)))) {
        expect("method" in message && "id" in message).toBe(false);
      }
    });

    it("each of many streams carries its own messages", async () => {
      const runner = await start(
        serverOf(async (context) => {
          const { progressToken } = context.meta;
          for (let step = 1; step <= 5; step += 1) {
            await turn();
            await context.progress(step);
          }
          return String(progressToken);
        }),
      );
      const ids = Array.from({ length: 20 }, (_, index) => `r${index}`);
      const all = await Promise.all(
        ids.map(async (id) => messagesOf(await runner.ask(call({ progressToken: id }, id)))),
      );
      for (const [index, id] of ids.entries()) {
        const messages = all[index] as { params?: JSONObject; id?: unknown }[];
        expect(messages.map(({ params }) => params?.progressToken ?? id)).toEqual(
          Array(6).fill(id),
        );
        expect(messages.at(-1)).toMatchObject({ id, result: { content: [{ text: id }] } });
      }
    });

    it("a result and a notification of any size reach a client that reads", async () => {
      const large = "x".repeat(3_000_000);
      const runner = await start(
        serverOf(async (context) => {
          await context.progress({ progress: 1, message: large });
          return large;
        }),
        { maxBufferedBytes: 10_000 },
      );
      const [notification, response] = await messagesOf(await runner.ask(call()));
      expect(notification).toMatchObject({ params: { message: large } });
      expect(response).toMatchObject({ result: { content: [{ text: large }] } });
    });

    it("servers are encouraged to emit a comment as a keep-alive", async () => {
      const runner = await start(
        serverOf(() => ""),
        { keepAliveMs: 5 },
      );
      const answer = await runner.ask(listen({ toolsListChanged: true }));
      expect(await answer.next()).toContain("acknowledged");
      expect(await answer.next()).toBe(":");
      expect(await answer.next()).toBe(":");
      answer.leave();
    });
  });

  describe("basic/transports/streamable-http#cancellation", () => {
    it("closing the stream MUST be treated as cancellation of that request", async () => {
      const cancelled = deferred<HandlerContext>();
      const runner = await start(
        serverOf(async (context) => {
          context.progress(1);
          await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
          cancelled.resolve(context);
          context.signal.throwIfAborted();
        }),
      );
      const answer = await runner.ask(call());
      await answer.next();
      answer.leave();
      const context = await cancelled.promise;
      expect(context.signal.aborted).toBe(true);
      expect(() => context.progress(2)).not.toThrow();
      await turn();
    });

    it("a disconnect before the stream cancels the request", async () => {
      const begun = deferred<AbortSignal>();
      const cancelled = deferred();
      const runner = await start(
        serverOf(async ({ signal }) => {
          signal.addEventListener("abort", () => cancelled.resolve());
          begun.resolve(signal);
          await cancelled.promise;
          signal.throwIfAborted();
        }),
      );
      const gone = new AbortController();
      const asking = runner.ask({ ...call({}), signal: gone.signal }).catch(() => undefined);
      const signal = await begun.promise;
      expect(signal.aborted).toBe(false);
      gone.abort();
      await cancelled.promise;
      expect(signal.aborted).toBe(true);
      await asking;
      await turn();
    });

    it("a handler that reads its signal late finds it aborted", async () => {
      const begun = deferred();
      const go = deferred();
      const seen = deferred<boolean>();
      const runner = await start(
        serverOf(async (context) => {
          begun.resolve();
          await go.promise;
          seen.resolve(context.signal.aborted);
          return "nobody reads this";
        }),
      );
      const gone = new AbortController();
      const asking = runner.ask({ ...call({}), signal: gone.signal }).catch(() => undefined);
      await begun.promise;
      gone.abort();
      await runner.left;
      go.resolve();
      expect(await seen.promise).toBe(true);
      await asking;
    });

    it("a disconnect does not cancel an exchange that has ended", async () => {
      let signal: AbortSignal | undefined;
      const runner = await start(
        serverOf((context) => {
          signal = context.signal;
          return "x";
        }),
      );
      const answer = await runner.ask(call({}));
      await answer.text();
      answer.leave();
      await turn();
      await turn();
      if (_name === "createNodeHandler") expect(signal?.aborted).toBe(false);
      expect(signal).toBeDefined();
    });

    it("nothing is sent after the response, and no stream is opened for it", async () => {
      const timers = vi.spyOn(globalThis, "setInterval");
      let late: RequestContext | undefined;
      const runner = await start({
        serve: async (_request, context) => {
          late = context;
          return { resultType: "complete" };
        },
      });
      const answer = await runner.ask(call());
      expect(JSON.parse(await answer.text())).toEqual({
        jsonrpc: "2.0",
        id: 1,
        result: { resultType: "complete" },
      });
      expect(late?.notify({ jsonrpc: "2.0", method: "notifications/late" })).toBeUndefined();
      expect(timers).not.toHaveBeenCalled();
    });
  });

  describe("a slow client", () => {
    const chunk = "x".repeat(50_000);
    const logged = { "io.modelcontextprotocol/logLevel": "info" };

    it("SHOULD NOT be flooded with progress: only the latest waits for it", async () => {
      const runner = await start(
        serverOf(async (context) => {
          let last = context.progress(1);
          for (let count = 2; count <= 8000; count += 1) {
            last = context.progress({ progress: count, message: "x".repeat(200) });
          }
          await last;
          return "done";
        }),
        { maxBufferedBytes: 100_000 },
      );
      const messages = await messagesOf(await runner.ask(call()));
      expect(messages.at(-1)).toMatchObject({ result: { content: [{ text: "done" }] } });
      const steps = messages.slice(0, -1).map(({ params }) => (params as JSONObject).progress);
      expect(steps.length).toBeLessThan(1000);
      expect(steps).toEqual([...steps].sort((a, b) => Number(a) - Number(b)));
      expect(steps.at(-1)).toBe(8000);
    });

    it("makes a handler wait that awaits its notifications, and receives all of them", async () => {
      const count = 200;
      let sent = 0;
      const runner = await start(
        serverOf(async (context) => {
          while (sent < count) {
            sent += 1;
            await context.progress({ progress: sent, message: chunk });
          }
          return "done";
        }),
        { maxBufferedBytes: 100_000 },
      );
      const answer = await runner.ask(call());
      for (let round = 0, before = -1; before !== sent && round < 1000; round += 1) {
        before = sent;
        await turns(20);
      }
      expect(sent).toBeLessThan(count);
      const messages = await messagesOf(answer);
      expect(messages).toHaveLength(count + 1);
      expect(messages.at(-1)).toMatchObject({ result: { content: [{ text: "done" }] } });
    });

    it("does not add a listener for each waiting notification", async () => {
      const warnings: Error[] = [];
      const onWarning = (warning: Error) => void warnings.push(warning);
      process.on("warning", onWarning);
      const runner = await start(
        serverOf(async (context) => {
          const all = Array.from({ length: 40 }, () => context.log("info", chunk));
          await Promise.all(all);
          return "done";
        }),
        { maxBufferedBytes: 10_000_000 },
      );
      expect(await messagesOf(await runner.ask(call(logged)))).toHaveLength(41);
      process.off("warning", onWarning);
      expect(warnings).toEqual([]);
    });

    it("is disconnected, which cancels its request, when the handler does not wait", async () => {
      const cutOff = deferred<number>();
      const flooding = await start(
        serverOf(async (context) => {
          let sent = 0;
          while (!context.signal.aborted) {
            sent += 1;
            void context.log("info", chunk);
            await turn();
          }
          cutOff.resolve(sent * chunk.length);
          context.signal.throwIfAborted();
        }),
        { maxBufferedBytes: 200_000 },
      );
      const answer = await flooding.ask(call(logged));
      // Data in the operating system's buffers is not the server's memory.
      expect(await cutOff.promise).toBeLessThan(50_000_000);
      await expect(messagesOf(answer)).rejects.toThrow();
    });
  });

  describe("basic/patterns/subscriptions over HTTP", () => {
    it("the acknowledgment comes first, then the notifications, then the result", async () => {
      const server = serverOf(() => "");
      const runner = await start(server);
      const filter = {
        toolsListChanged: true,
        promptsListChanged: true,
        resourceSubscriptions: ["a:b", "a:x"],
      };
      const answer = await runner.ask(listen(filter, "sub"));
      expect(answer.headers["content-type"]).toBe("text/event-stream");
      expect(await nextMessage(answer)).toEqual({
        jsonrpc: "2.0",
        method: "notifications/subscriptions/acknowledged",
        params: {
          notifications: { toolsListChanged: true, resourceSubscriptions: ["a:b"] },
          _meta: { [key]: "sub" },
        },
      });
      server.resources.add(defineResource({ uri: "a:c", name: "c", read: () => "" }));
      server.tools.remove("t");
      server.resourceUpdated("a:b");
      server.resourceUpdated("a:c");
      expect(await nextMessage(answer)).toMatchObject({
        method: "notifications/tools/list_changed",
        params: { _meta: { [key]: "sub" } },
      });
      expect(await nextMessage(answer)).toMatchObject({
        method: "notifications/resources/updated",
        params: { uri: "a:b", _meta: { [key]: "sub" } },
      });
      await server.close();
      expect(await messagesOf(answer)).toEqual([
        {
          jsonrpc: "2.0",
          id: "sub",
          result: { resultType: "complete", _meta: expect.objectContaining({ [key]: "sub" }) },
        },
      ]);
    });

    it("parallel subscriptions are distinguished by their ID", async () => {
      const server = serverOf(() => "");
      const runner = await start(server);
      const tools = await runner.ask(listen({ toolsListChanged: true }, 1));
      const resources = await runner.ask(listen({ resourceSubscriptions: ["a:b"] }, 2));
      const answers = [tools, resources];
      for (const answer of answers) await nextMessage(answer);
      server.resourceUpdated("a:b");
      server.tools.remove("t");
      await server.close();
      const [first, second] = await Promise.all(answers.map(messagesOf));
      expect(first?.map(({ method }) => method)).toEqual([
        "notifications/tools/list_changed",
        undefined,
      ]);
      expect(second?.map(({ method }) => method)).toEqual([
        "notifications/resources/updated",
        undefined,
      ]);
      expect(first?.at(-1)).toMatchObject({ id: 1 });
      expect(second?.at(-1)).toMatchObject({ id: 2 });
    });

    it("a client that disconnects leaves nothing behind", async () => {
      const cleared = vi.spyOn(globalThis, "clearInterval");
      const gone: Promise<unknown>[] = [];
      const server = serverOf(() => "");
      const runner = await start({
        serve: (request, context) => {
          const answer = server.serve(request, context);
          gone.push(answer.catch((error) => error.reason));
          return answer;
        },
      });
      const answer = await runner.ask(listen({ toolsListChanged: true }));
      await nextMessage(answer);
      answer.leave();
      expect(await gone[0]).toBe("aborted");
      await vi.waitFor(() => expect(cleared).toHaveBeenCalled());
      expect(() => server.tools.remove("t")).not.toThrow();
    });

    it("a rejected filter is answered as JSON", async () => {
      const runner = await start(serverOf(() => ""));
      const answer = await runner.ask(listen({ toolsListChanged: "yes" }));
      expect([answer.status, answer.headers["content-type"]]).toEqual([400, "application/json"]);
      expect(JSON.parse(await answer.text())).toMatchObject({ id: 1, error: { code: -32602 } });
    });
  });
});

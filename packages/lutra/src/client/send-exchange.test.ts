import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../protocol/errors.ts";
import { progressNotification } from "../protocol/progress.ts";
import {
  complete,
  metaOf,
  type Script,
  scripted,
  untilGivenUp,
} from "./fixtures/scripted-server.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const timeout = { name: "TransportError", reason: "timeout" };

describe("a timeout", () => {
  it("cancels the request, also at the server", async () => {
    const { client, contexts } = scripted((_request, context) => untilGivenUp(context));
    const answer = expect(client.callTool("slow")).rejects.toMatchObject(timeout);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(contexts[0]?.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(2);
    await answer;
    expect(contexts[0]?.signal.aborted).toBe(true);
  });

  it("rejects also when the transport ignores the signal", async () => {
    const { client } = scripted(() => new Promise(() => {}));
    const answer = expect(client.callTool("slow")).rejects.toMatchObject(timeout);
    await vi.advanceTimersByTimeAsync(60_000);
    await answer;
  });

  it("is configured for each client and for each request", async () => {
    const { client } = scripted((_request, context) => untilGivenUp(context), { timeoutMs: 500 });
    const first = expect(client.callTool("slow")).rejects.toMatchObject(timeout);
    await vi.advanceTimersByTimeAsync(500);
    await first;
    const options = { timeoutMs: 10 };
    const second = expect(client.callTool("slow", {}, options)).rejects.toMatchObject(timeout);
    await vi.advanceTimersByTimeAsync(10);
    await second;
  });

  it("restarts with every progress notification", async () => {
    const { client } = scripted(async (request, context) => {
      for (let progress = 1; progress <= 5; progress += 1) {
        await new Promise((resolve) => setTimeout(resolve, 800)); // time: fake timers
        context.notify(progressNotification(request.id, { progress }));
      }
      return complete;
    });
    const onProgress = vi.fn();
    const answer = client.callTool("slow", {}, { timeoutMs: 1000, onProgress });
    await vi.advanceTimersByTimeAsync(4000);
    await answer;
    expect(onProgress).toHaveBeenCalledTimes(5);
  });

  it("never exceeds maxTimeoutMs, regardless of progress", async () => {
    const { client } = scripted(async (request, context) => {
      for (let progress = 1; !context.signal.aborted; progress += 1) {
        await new Promise((resolve) => setTimeout(resolve, 800)); // time: fake timers
        context.notify(progressNotification(request.id, { progress }));
      }
      return complete;
    });
    const options = { timeoutMs: 1000, maxTimeoutMs: 3000, onProgress: () => {} };
    const answer = expect(client.callTool("slow", {}, options)).rejects.toMatchObject(timeout);
    await vi.advanceTimersByTimeAsync(3001);
    await answer;
  });

  describe("of a call that sends several requests", () => {
    const endless: Script = async ({ method, params }) => {
      if (method !== "tools/list") return complete;
      // time: fake; it is what the server or the user takes
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { tools: [], nextCursor: `${Number(params?.cursor ?? 0) + 1}` };
    };
    const rejects = (answer: Promise<unknown>, ms: number) =>
      expect(answer).rejects.toMatchObject({
        ...timeout,
        message: expect.stringMatching(`no result within ${ms} milliseconds$`),
      });

    it("is timeoutMs while the tools are listed", async () => {
      const hanging: Script = (_request, context) => untilGivenUp(context);
      const { client, contexts } = scripted(hanging, { mirrorsHeaders: true });
      const answer = rejects(client.callTool("slow", {}, { timeoutMs: 300 }), 300);
      await vi.advanceTimersByTimeAsync(300);
      await answer;
      expect(contexts[0]?.signal.aborted).toBe(true);
    });

    it.each<[string, Script]>([
      [
        "the tools are listed again after a header mismatch",
        () => Promise.reject(ProtocolError.fromWire({ code: -32020, message: "mismatch" })),
      ],
      [
        "the tools are listed again for a result that does not fit",
        async () => ({ ...complete, content: [], structuredContent: 1 }),
      ],
    ])("is timeoutMs while %s", async (_what, call) => {
      let lists = 0;
      const tools = [{ name: "slow", inputSchema: {}, outputSchema: { type: "string" } }];
      const script: Script = async (request, context, ...more) => {
        if (request.method === "tools/call") return call(request, context, ...more);
        lists += 1;
        return lists === 1 ? { tools } : untilGivenUp(context);
      };
      const { client } = scripted(script, { mirrorsHeaders: true });
      const answer = rejects(client.callTool("slow", {}, { timeoutMs: 300 }), 300);
      await vi.advanceTimersByTimeAsync(300);
      await answer;
      expect(lists).toBe(2);
    });

    it("is maxTimeoutMs for all pages of a list", async () => {
      const { client, requests } = scripted(endless);
      const answer = rejects(client.listTools({ maxTimeoutMs: 700 }), 700);
      await vi.advanceTimersByTimeAsync(1000);
      await answer;
      expect(requests).toHaveLength(4);
    });

    it("is maxTimeoutMs for the list of the tools and the call", async () => {
      const { client, requests } = scripted(endless, { mirrorsHeaders: true });
      const options = { timeoutMs: 500, maxTimeoutMs: 700 };
      const first = rejects(client.callTool("slow", {}, options), 500);
      const second = rejects(client.callTool("slow", {}, { maxTimeoutMs: 700 }), 700);
      await vi.advanceTimersByTimeAsync(1000);
      await Promise.all([first, second]);
      // The list ends with the last call that waits for it.
      expect(requests).toHaveLength(4);
    });

    it("continues a list for the other calls that wait for it", async () => {
      const tools = [{ name: "slow", inputSchema: {} }];
      const slow: Script = async ({ method }) => {
        if (method !== "tools/list") return complete;
        // time: fake; it is what the server or the user takes
        await new Promise((resolve) => setTimeout(resolve, 600));
        return { tools };
      };
      const { client, requests } = scripted(slow, { mirrorsHeaders: true });
      const first = rejects(client.callTool("slow", {}, { timeoutMs: 500 }), 500);
      const second = client.callTool("slow");
      await vi.advanceTimersByTimeAsync(600);
      await first;
      expect(await second).toEqual(complete);
      expect(requests.map(({ method }) => method)).toEqual(["tools/list", "tools/call"]);
    });

    it("is maxTimeoutMs for all rounds, and excludes the time of handlers", async () => {
      const { client } = scripted(() => ({ resultType: "input_required", requestState: "s" }));
      const answer = rejects(client.callTool("idle", {}, { maxTimeoutMs: 3000 }), 3000);
      await vi.advanceTimersByTimeAsync(3000);
      await answer;
      const ask = {
        method: "elicitation/create",
        params: { message: "", requestedSchema: { type: "object", properties: {} } },
      };
      const onElicit = async () => {
        // time: fake; it is what the server or the user takes
        await new Promise((resolve) => setTimeout(resolve, 60_000));
        return { action: "decline" as const };
      };
      const asking: Script = ({ params }) =>
        params?.inputResponses
          ? complete
          : { resultType: "input_required", inputRequests: { ask } };
      const human = scripted(asking, { onElicit });
      const answered = human.client.callTool("ask", {}, { maxTimeoutMs: 3000 });
      await vi.advanceTimersByTimeAsync(60_000);
      expect(await answered).toEqual(complete);
    });
  });

  it("leaves no timer after the result", async () => {
    const { client } = scripted(() => complete);
    await client.callTool("fast");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("progress", () => {
  it("has a token that is unique among the requests in flight", async () => {
    const { client, requests } = scripted(() => complete);
    const onProgress = () => {};
    await Promise.all([1, 2, 3].map(() => client.callTool("add", {}, { onProgress })));
    expect(new Set(requests.map((request) => metaOf(request).progressToken)).size).toBe(3);
  });

  it("is ignored for another request and after the result", async () => {
    const onProgress = vi.fn();
    const { client, contexts } = scripted((request, context) => {
      context.notify(progressNotification("other", { progress: 1 }));
      context.notify(progressNotification(request.id, { progress: 2, total: 3, message: "m" }));
      return complete;
    });
    await client.callTool("add", {}, { onProgress });
    contexts[0]?.notify(progressNotification(1, { progress: 9 }));
    expect(onProgress.mock.calls).toEqual([[{ progress: 2, total: 3, message: "m" }]]);
  });

  it("does not fail the request when its listener throws", async () => {
    const { client, warnings } = scripted((request, context) => {
      context.notify(progressNotification(request.id, { progress: 1 }));
      return complete;
    });
    const onProgress = () => {
      throw new Error("a bug of the host");
    };
    await client.callTool("add", {}, { onProgress });
    expect(warnings).toEqual(["tools/call: a listener failed"]);
  });
});

it("log messages are requested at the configured level and delivered to their request", async () => {
  const { client, requests } = scripted(
    (_request, context) => {
      const params = { level: "error", logger: "db", data: { lost: true } };
      context.notify({ jsonrpc: "2.0", method: "notifications/message", params });
      return complete;
    },
    { logLevel: "warning" },
  );
  const onLog = vi.fn();
  await client.callTool("add", {}, { onLog });
  expect(metaOf(requests[0])["io.modelcontextprotocol/logLevel"]).toBe("warning");
  expect(onLog.mock.calls).toEqual([[{ level: "error", logger: "db", data: { lost: true } }]]);
});

describe("the signal of a request", () => {
  it("rejects at once and notifies the server", async () => {
    const { client, contexts } = scripted(() => new Promise(() => {}));
    const controller = new AbortController();
    const answer = client.callTool("slow", {}, { signal: controller.signal });
    const rejected = expect(answer).rejects.toMatchObject({ reason: "aborted", cause: "enough" });
    await vi.advanceTimersByTimeAsync(0);
    controller.abort("enough");
    await rejected;
    expect(contexts[0]?.signal.aborted).toBe(true);
  });

  it("sends nothing when it has already aborted", async () => {
    const { client, requests } = scripted(() => complete);
    const signal = AbortSignal.abort();
    await expect(client.callTool("add", {}, { signal })).rejects.toMatchObject({
      reason: "aborted",
    });
    expect(requests).toHaveLength(0);
  });
});

describe("a closed client", () => {
  it("has ended the requests in flight", async () => {
    const { client, contexts } = scripted(() => new Promise(() => {}));
    const answer = expect(client.callTool("slow")).rejects.toMatchObject({ reason: "closed" });
    await vi.advanceTimersByTimeAsync(0);
    await client.close();
    await answer;
    expect(contexts[0]?.signal.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("sends no further request", async () => {
    const { client, requests } = scripted(() => complete);
    await client.close();
    await expect(client.callTool("add")).rejects.toMatchObject({ reason: "closed" });
    expect(requests).toHaveLength(0);
  });
});

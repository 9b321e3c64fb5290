import { afterEach, describe, expect, it, vi } from "vitest";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import {
  ask,
  asking,
  handlers,
  message,
  name,
  roots,
  sample,
  url,
} from "./fixtures/input-requests.ts";
import { complete, scripted } from "./fixtures/scripted-server.ts";
import type { ClientOptions } from "./index.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("a retry with input", () => {
  it("is the original request with the answers and a new id", async () => {
    const { client, requests } = scripted(asking(ask({ who: name }, "s1")), handlers);
    await client.callTool("greet", { loud: true });
    const [first, second] = requests;
    expect(second).toEqual({
      ...first,
      id: expect.anything(),
      params: {
        ...first?.params,
        inputResponses: { who: { action: "accept", content: { name: "Ada" } } },
        requestState: "s1",
      },
    });
    expect(second?.id).not.toBe(first?.id);
  });

  it("echoes the exact requestState of the latest result", async () => {
    const states = ["  é\u0000{}", ""];
    const { client, requests } = scripted(
      asking(ask({ a: name }, states[0]), ask({ b: name }, states[1])),
      handlers,
    );
    await client.callTool("greet");
    expect(requests.slice(1).map(({ params }) => params?.requestState)).toEqual(states);
  });

  it("has no requestState when the result had none", async () => {
    const { client, requests } = scripted(
      asking(ask({ a: name }, "s"), ask({ b: name })),
      handlers,
    );
    await client.callTool("greet");
    expect(requests[2]?.params).not.toHaveProperty("requestState");
    expect(requests[2]?.params?.inputResponses).toHaveProperty("b");
    expect(requests[2]?.params?.inputResponses).not.toHaveProperty("a");
  });

  it("does not affect other requests", async () => {
    const { client, requests } = scripted((request) => {
      const isFirst = request.params?.name === "greet" && !request.params.inputResponses;
      return isFirst ? ask({ a: name }, "s") : complete;
    }, handlers);
    await Promise.all([client.callTool("greet"), client.callTool("add"), client.callTool("add")]);
    for (const { params } of requests.filter(({ params }) => params?.name === "add")) {
      expect(params).not.toHaveProperty("requestState");
      expect(params).not.toHaveProperty("inputResponses");
    }
  });

  it.each([
    ["prompts/get", "getPrompt", { resultType: "complete", messages: [] }],
    ["resources/read", "readResource", { resultType: "complete", contents: [] }],
  ] as const)("also answers %s", async (_method, call, result) => {
    const script = (request: JSONRPCRequest) =>
      request.params?.inputResponses === undefined ? ask({ a: name }) : result;
    const { client } = scripted(script, handlers);
    const answer = client[call] as (name: string) => Promise<unknown>;
    expect(await answer("file:///a")).toMatchObject(result);
  });

  it("without input requests is immediate at first, then after growing pauses", async () => {
    vi.useFakeTimers();
    const times: number[] = [];
    const { client } = scripted(
      (_request, _context, count) => {
        times.push(Date.now());
        return count < 5 ? ask(undefined, `s${count}`) : complete;
      },
      { random: () => 0 },
    );
    const answer = client.callTool("wait");
    await vi.advanceTimersByTimeAsync(10_000);
    await answer;
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(gaps).toEqual([0, 250, 500, 1000]);
  });

  it("has at most maxInputRequests answers, over all rounds", async () => {
    const three = (round: number) =>
      ask({ [`a${round}`]: sample, [`b${round}`]: sample, [`c${round}`]: sample }, "s");
    const onSample = vi.fn(handlers.onSample);
    const { client } = scripted(asking(three(1), three(2), three(3)), {
      ...handlers,
      onSample,
      maxInputRequests: 8,
    });
    await expect(client.callTool("greet")).rejects.toMatchObject({
      reason: "malformed",
      message: expect.stringContaining("expected at most 8 input requests in one call"),
    });
    expect(onSample).toHaveBeenCalledTimes(6);
  });

  it("is sent at most maxInputRounds times", async () => {
    const { client, requests } = scripted(() => ask({ a: name }), {
      ...handlers,
      maxInputRounds: 3,
    });
    await expect(client.callTool("greet")).rejects.toMatchObject({ reason: "malformed" });
    expect(requests).toHaveLength(4);
  });
});

describe("input requests", () => {
  it("of all kinds are answered at the same time", async () => {
    let waiting = 0;
    let release = () => {};
    const all = new Promise<void>((resolve) => {
      release = resolve;
    });
    const meet = async <T>(answer: T) => {
      waiting += 1;
      if (waiting === 3) release();
      await all;
      return answer;
    };
    const { client, requests } = scripted(
      asking(ask({ who: name, capital: sample, where: roots }, "s")),
      {
        onElicit: () => meet({ action: "accept" as const, content: { name: "Ada" } }),
        onSample: () => meet(message),
        onRoots: () => meet([{ uri: "file:///home" }]),
      },
    );
    await client.callTool("greet");
    expect(requests[1]?.params?.inputResponses).toEqual({
      who: { action: "accept", content: { name: "Ada" } },
      capital: message,
      where: { roots: [{ uri: "file:///home" }] },
    });
  });

  it.each([
    ["elicitation", { who: name }, { onSample: handlers.onSample }],
    ["URL elicitation", { who: url }, { onElicit: handlers.onElicit }],
    ["sampling", { who: sample }, { onElicit: handlers.onElicit }],
    ["roots", { who: roots }, { onElicit: handlers.onElicit }],
    [
      "sampling with tools",
      { who: { ...sample, params: { ...sample.params, tools: [] } } },
      { onSample: handlers.onSample },
    ],
  ] as const)("of a kind that was not declared are an error: %s", async (_what, asked, some) => {
    const { client, requests } = scripted(asking(ask(asked)), some as ClientOptions);
    await expect(client.callTool("greet")).rejects.toMatchObject({
      name: "TransportError",
      reason: "malformed",
    });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ["no object", { a: 1 }],
    ["another method", { a: { method: "tools/call", params: {} } }],
    ["no params", { a: { method: "elicitation/create" } }],
    [
      "an unknown mode",
      { a: { method: "elicitation/create", params: { mode: "x", message: "" } } },
    ],
    ["a form without a schema", { a: { method: "elicitation/create", params: { message: "?" } } }],
    ["a script as URL", { a: { ...url, params: { ...url.params, url: "javascript:alert(1)" } } }],
    [
      "a URL with a line break",
      { a: { ...url, params: { ...url.params, url: "https://good.example\n.evil.example/" } } },
    ],
    ["no URL", { a: { ...url, params: { ...url.params, url: "example" } } }],
    ["sampling without messages", { a: { method: "sampling/createMessage", params: {} } }],
  ])("reach no handler when they are malformed: %s", async (_what, asked) => {
    const onElicit = vi.fn();
    const onSample = vi.fn();
    const { client } = scripted(asking(ask(asked)), {
      onElicit,
      elicitation: { form: {}, url: {} },
      onSample,
    });
    await expect(client.callTool("greet")).rejects.toMatchObject({ reason: "malformed" });
    expect(onElicit).not.toHaveBeenCalled();
    expect(onSample).not.toHaveBeenCalled();
  });

  it("reject a result without requests and without state as malformed", async () => {
    const { client } = scripted(asking(ask(undefined)), handlers);
    await expect(client.callTool("greet")).rejects.toMatchObject({ reason: "malformed" });
  });
});

describe('inputs: "manual"', () => {
  it("returns the result unchanged, and sends answers and state with the next call", async () => {
    const { client, requests } = scripted(asking(ask({ who: name }, "s")));
    const first = await client.callTool("greet", {}, { inputs: "manual" });
    expect(first).toMatchObject({ resultType: "input_required", requestState: "s" });
    await client.callTool(
      "greet",
      {},
      {
        inputs: "manual",
        inputResponses: { who: { action: "decline" } },
        requestState: "s",
      },
    );
    expect(requests[1]?.params).toMatchObject({
      inputResponses: { who: { action: "decline" } },
      requestState: "s",
    });
  });
});

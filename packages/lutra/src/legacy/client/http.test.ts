/** A client against a legacy endpoint over Streamable HTTP. */
import { afterEach, describe, expect, it } from "vitest";
import { type Client, type ClientOptions, createClient } from "../../client/index.ts";
import { legacyVersions } from "../../protocol/versioning.ts";
import { type LegacyEndpoint, legacyEndpoint } from "./fixtures/legacy-endpoint.ts";
import { createOldServer } from "./fixtures/old-server.ts";
import { createMemoryVerdicts } from "./verdicts.ts";

const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

const accept = { action: "accept", content: { name: "Zoë" } } as const;
const resourceRoots = [{ uri: "file:///home/zoe" }];

function connect(endpoint: LegacyEndpoint, options: ClientOptions = {}): Client {
  const { url, fetch } = endpoint;
  const client = createClient(url, { fetch, verdicts: createMemoryVerdicts(), ...options });
  clients.push(client);
  return client;
}

const notFound = () => new Response(undefined, { status: 404 });

describe("a legacy server over Streamable HTTP", () => {
  it("is recognised by its refusal, and gets a session", async () => {
    const endpoint = legacyEndpoint(createOldServer());
    const client = connect(endpoint);
    expect(client.serverEra).toBeUndefined();
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("greet");
    expect(client.serverEra).toBe("legacy");
    expect(endpoint.seen).toEqual([
      "modern POST tools/list",
      "modern POST server/discover",
      "POST initialize",
      "POST notifications/initialized",
      "POST tools/list",
    ]);
    await client.close();
    expect(endpoint.seen.at(-1)).toBe("DELETE");
  });

  it("is discovered by the result of initialize", async () => {
    const client = connect(legacyEndpoint(createOldServer()));
    expect(await client.discover()).toMatchObject({
      supportedVersions: ["2025-11-25"],
      instructions: "Ask.",
      ttlMs: 0,
      cacheScope: "private",
    });
  });

  it.each(legacyVersions.slice(0, 3))("speaks %s", async (version) => {
    const endpoint = legacyEndpoint(createOldServer(), ["2026-07-28", version]);
    const client = connect(endpoint, { era: version });
    expect(await client.discover()).toMatchObject({ supportedVersions: [version] });
    expect(await client.callTool("touch")).toMatchObject({ content: [{ text: "touched" }] });
    expect((await client.readResource("memo://a")).contents).toMatchObject([{ text: "text" }]);
    expect(endpoint.seen.filter((name) => name.startsWith("modern"))).toEqual([]);
  });

  it.each([
    ["has forgotten the session", ["GET", "POST ping"], { toolsListChanged: true }, 2],
    ["has no stream", ["GET"], {}, 1],
  ] as const)("subscribes to a server that %s", async (_what, missing, agreed, sessions) => {
    const endpoint = legacyEndpoint(createOldServer());
    const client = connect(endpoint);
    await client.listTools();
    const notFound = () => new Response(null, { status: 404 });
    for (const name of missing) endpoint.intercept.set(name, notFound);
    const subscription = await client.listen({ toolsListChanged: true });
    expect(subscription.acknowledged).toEqual(agreed);
    const opened = endpoint.seen.filter((name) => name === "POST initialize");
    expect(opened).toHaveLength(sessions);
    subscription.close();
  });

  it("does not subscribe to a server that refuses the stream for a time", async () => {
    const endpoint = legacyEndpoint(createOldServer());
    const client = connect(endpoint);
    endpoint.intercept.set("GET", () => new Response(null, { status: 503 }));
    const filter = { toolsListChanged: true };
    await expect(client.listen(filter)).rejects.toMatchObject({ status: 503 });
    expect((await client.listen(filter)).acknowledged).toEqual(filter);
  });

  it("opens one session for requests at once", async () => {
    const endpoint = legacyEndpoint(createOldServer());
    const client = connect(endpoint);
    await Promise.all([
      client.listTools(),
      client.listResources(),
      client.listPrompts().catch(() => {}),
    ]);
    expect(endpoint.seen.filter((name) => name === "POST initialize")).toHaveLength(1);
  });

  it("reports progress and log messages of a call", async () => {
    const client = connect(legacyEndpoint(createOldServer()));
    const heard: unknown[] = [];
    const result = await client.callTool(
      "count",
      {},
      {
        onProgress: (progress) => void heard.push(progress),
        onLog: ({ data }) => void heard.push(data),
      },
    );
    expect(result.content).toMatchObject([{ text: "counted" }]);
    expect(heard).toEqual(["begins", { progress: 1, total: 2 }]);
  });

  it("asks the user during a call", async () => {
    const client = connect(legacyEndpoint(createOldServer()), { onElicit: () => accept });
    expect((await client.callTool("greet")).content).toMatchObject([{ text: "Hello, Zoë" }]);
  });

  it("asks for several inputs at once", async () => {
    const client = connect(legacyEndpoint(createOldServer()), {
      onElicit: () => accept,
      onRoots: () => resourceRoots,
    });
    const { content } = await client.callTool("survey");
    expect(content).toMatchObject([{ text: '{"action":"accept","roots":1}' }]);
  });

  it("gives input requests to a caller that answers them itself", async () => {
    const client = connect(legacyEndpoint(createOldServer()), { onElicit: () => accept });
    const first = await client.callTool("greet", {}, { inputs: "manual" });
    expect(first).toMatchObject({ resultType: "input_required" });
    const { inputRequests, requestState } = first as never;
    const [key = ""] = Object.keys(inputRequests);
    const options = { inputs: "manual", requestState, inputResponses: { [key]: accept } } as const;
    expect(await client.callTool("greet", {}, options)).toMatchObject({
      content: [{ text: "Hello, Zoë" }],
    });
    await expect(client.callTool("greet", {}, options)).rejects.toThrow(/no call waits/);
  });

  it("is told when a handler fails", async () => {
    const endpoint = legacyEndpoint(createOldServer());
    const client = connect(endpoint, {
      onElicit: () => {
        throw new Error("the window is gone");
      },
    });
    await expect(client.callTool("greet")).rejects.toThrow("the window is gone");
    await expect.poll(() => endpoint.seen).toContain("POST notifications/cancelled");
  });

  it("receives the error of a call that its answer does not reach", async () => {
    const endpoint = legacyEndpoint(createOldServer());
    const client = connect(endpoint, { onElicit: () => accept });
    await client.listTools();
    endpoint.intercept.set("POST", () => new Response(undefined, { status: 502 }));
    await expect(client.callTool("greet")).rejects.toThrow("HTTP status 502");
    await expect.poll(() => endpoint.seen).toContain("POST notifications/cancelled");
  });

  it("keeps its session when it refuses an answer", async () => {
    const endpoint = legacyEndpoint(createOldServer());
    const client = connect(endpoint, { onElicit: () => accept });
    await client.listTools();
    const message = "id: expected that of a request from this server in this session";
    const refusal = { jsonrpc: "2.0", error: { code: -32602, message } };
    endpoint.intercept.set("POST", () => Response.json(refusal, { status: 400 }));
    await expect(client.callTool("greet")).rejects.toThrow(message);
    expect(endpoint.seen.filter((name) => name === "POST initialize")).toHaveLength(1);
  });

  it("is not sent a call again that waited in a session which it has forgotten", async () => {
    const endpoint = legacyEndpoint(createOldServer());
    const client = connect(endpoint, { onElicit: () => accept });
    await client.listTools();
    endpoint.intercept.set("POST", notFound);
    await expect(client.callTool("greet")).rejects.toThrow(
      /no longer knows the session of the call.*may have been executed/,
    );
    expect(endpoint.seen.filter((name) => name === "POST tools/call")).toHaveLength(1);
  });

  it("receives the cancellation of a call that waits for longer than inputWaitMs", async () => {
    const endpoint = legacyEndpoint(createOldServer());
    const onElicit = async () => {
      await expect.poll(() => endpoint.seen).toContain("POST notifications/cancelled");
      return accept;
    };
    const client = connect(endpoint, { onElicit, inputWaitMs: 10 });
    await expect(client.callTool("greet")).rejects.toThrow(/no call waits/);
  });

  it.each([0, -1, Number.NaN, 3_600_001])("is given no time for input of %s ms", (inputWaitMs) => {
    expect(() => connect(legacyEndpoint(createOldServer()), { inputWaitMs })).toThrow(
      "inputWaitMs: expected a positive number of at most 3600000",
    );
  });

  it("receives the cancellation of a call", async () => {
    const calls: string[] = [];
    const client = connect(legacyEndpoint(createOldServer(calls)));
    const controller = new AbortController();
    const { signal } = controller;
    const call = client.callTool("wait", {}, { signal, onProgress: () => controller.abort() });
    await expect(call).rejects.toMatchObject({ reason: "aborted" });
    await expect.poll(() => calls).toEqual(["wait", "aborted"]);
  });

  it("gets a new session when it has forgotten the old one, and the call is sent again", async () => {
    const calls: string[] = [];
    const endpoint = legacyEndpoint(createOldServer(calls));
    const client = connect(endpoint);
    await client.listTools();
    endpoint.intercept.set("POST tools/call", notFound);
    expect((await client.callTool("count")).content).toMatchObject([{ text: "counted" }]);
    expect(calls).toEqual(["count"]);
    expect(endpoint.seen.filter((name) => name === "POST initialize")).toHaveLength(2);
  });

  it("announces changes over a subscription", async () => {
    const endpoint = legacyEndpoint(createOldServer());
    const client = connect(endpoint);
    const subscription = await client.listen({ resourceSubscriptions: ["memo://a"] });
    expect(subscription.acknowledged).toEqual({ resourceSubscriptions: ["memo://a"] });
    await client.callTool("touch");
    const { value } = await subscription[Symbol.asyncIterator]().next();
    expect(value).toMatchObject({ params: { uri: "memo://a" } });
    subscription.close();
    await expect.poll(() => endpoint.seen).toContain("POST resources/unsubscribe");
  });

  it("forgets a subscription that is given up before it is accepted", async () => {
    const endpoint = legacyEndpoint(createOldServer());
    const client = connect(endpoint);
    await client.listTools();
    const controller = new AbortController();
    let release = () => {};
    const accepted = new Promise<void>((resolve) => {
      release = resolve;
    });
    endpoint.intercept.set("POST resources/subscribe", async (request) => {
      const { id } = await request.json();
      controller.abort();
      await accepted;
      return Response.json({ jsonrpc: "2.0", id, result: {} });
    });
    const { signal } = controller;
    const listening = client.listen({ resourceSubscriptions: ["memo://a"] }, { signal });
    await expect(listening).rejects.toMatchObject({ reason: "aborted" });
    release();
    await expect.poll(() => endpoint.seen).toContain("POST resources/unsubscribe");
  });

  it("without a stream agrees to no changes", async () => {
    const endpoint = legacyEndpoint(createOldServer());
    endpoint.intercept.set("GET", () => new Response(undefined, { status: 405 }));
    const client = connect(endpoint, { onWarning: () => {} });
    const subscription = await client.listen({ toolsListChanged: true });
    expect(subscription.acknowledged).toEqual({});
  });

  it("has the codes of the current revision for errors", async () => {
    const client = connect(legacyEndpoint(createOldServer()));
    await expect(client.readResource("memo://b")).rejects.toMatchObject({
      code: -32602,
      data: { uri: "memo://b" },
    });
  });
});

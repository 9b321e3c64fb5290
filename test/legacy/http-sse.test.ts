/** HTTP+SSE, the deprecated transport of 2024-11-05, as an option of a server. */
import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from "vitest";
import { type CutBus, createCutBuses } from "../../packages/lutra/src/legacy/fixtures/cut-bus.ts";
import { randomKeys } from "../../packages/lutra/src/server/seal.ts";
import { type ClientOptions, LegacyClient } from "./client.ts";
import { createServed, type Served } from "./fixture.ts";
import type { Message } from "./message.ts";
import { type Endpoint, endpoints, fetchEndpoint, type Http, openSession } from "./wire.ts";

const postHeaders = { "content-type": "application/json" };
const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
afterEach(() => warn.mockClear());

/** The stream of one client. */
interface Stream {
  readonly client: LegacyClient;
  /** The path and the query of the endpoint event. */
  readonly target: string;
  readonly post: (message: unknown) => Promise<Response>;
  readonly close: () => void;
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
}

interface StreamOptions extends ClientOptions {
  readonly headers?: Record<string, string>;
  /** Sends the posts of the client. @default the endpoint of the stream */
  readonly postVia?: Http;
}

/** Opens a stream, and reads its endpoint event. */
async function openStream(http: Http, options: StreamOptions = {}): Promise<Stream> {
  const { headers = {}, postVia = http } = options;
  const leaving = new AbortController();
  const response = await http({
    headers: { accept: "text/event-stream", ...headers },
    signal: leaving.signal,
  });
  if (response.body === null || response.status !== 200) throw new Error(`${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (): Promise<string | undefined> => {
    while (!text.includes("\n\n")) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      text += value;
    }
    const [event = "", ...rest] = text.split("\n\n");
    text = rest.join("\n\n");
    return event;
  };
  const first = await next();
  const [, target = ""] = /^event: endpoint\ndata: (.*)$/.exec(first ?? "") ?? [];
  const post = (message: unknown) =>
    postVia({
      method: "POST",
      headers: { ...postHeaders, ...headers, "x-target": target },
      body: JSON.stringify(message),
    });
  const client = new LegacyClient(async (message) => {
    const { status } = await post(message);
    if (status !== 202) throw new Error(`HTTP ${status}`);
  }, options.answer);
  const read = async () => {
    for (let event = await next(); event !== undefined; event = await next()) {
      const [, data] = /^event: message\ndata: (.*)$/.exec(event) ?? [];
      if (data !== undefined) client.deliver(JSON.parse(data));
    }
  };
  return { client, target, post, close: () => leaving.abort(), ended: read().catch(() => {}) };
}

const answer = ({ method }: Message) =>
  method === "roots/list"
    ? { result: { roots: [{ uri: "file:///home" }] } }
    : { result: { action: "accept", content: { name: "Ana" } } };
const everything = { elicitation: {}, sampling: {}, roots: {} };

describe.each(endpoints)("HTTP+SSE at %s", (_name, start) => {
  let served: Served;
  let endpoint: Endpoint;

  beforeEach(async () => {
    served = createServed();
    endpoint = await start(served.server, { httpSse: true });
  });
  afterEach(async () => {
    await served.server.close();
    await endpoint.close();
  });

  it("MUST send an endpoint event with the URI for the client's messages", async () => {
    const { target } = await openStream(endpoint.http);
    expect(target).toMatch(/^\/mcp\?lutra-stream=[\w.-]+$/);
  });

  it("sends the responses to posted requests as message events", async () => {
    const { client } = await openStream(endpoint.http);
    expect(await client.open({ version: "2024-11-05" })).toMatchObject({
      protocolVersion: "2024-11-05",
      serverInfo: { name: "legacy" },
    });
    expect(await client.call("echo", { text: "a" })).toEqual({
      content: [{ type: "text", text: '{"text":"a"}' }],
    });
    expect(await client.result("ping")).toEqual({});
    await expect(client.call("none")).rejects.toMatchObject({ code: -32602 });
  });

  it("asks the client in the middle of a call", async () => {
    const { client } = await openStream(endpoint.http, { answer });
    await client.open({ version: "2025-06-18", capabilities: everything });
    const { content } = await client.call("ask", {}, { progressToken: 1 });
    expect(content).toEqual([{ type: "text", text: "Ana in file:///home" }]);
    expect(client.all("notifications/progress")).toHaveLength(3);
  });

  it("sends changes of lists and of resources that the client follows", async () => {
    const { client } = await openStream(endpoint.http);
    await client.open({ version: "2024-11-05" });
    await client.result("resources/subscribe", { uri: "file:///a" });
    await client.call("change");
    await client.first("notifications/tools/list_changed");
    expect((await client.first("notifications/resources/updated")).params).toEqual({
      uri: "file:///a",
    });
  });

  it("cancels a request", async () => {
    const { client } = await openStream(endpoint.http);
    await client.open({ version: "2024-11-05" });
    await client.send({ jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "wait" } });
    await client.first("notifications/message");
    await client.notify("notifications/cancelled", { requestId: 7 });
    expect(await served.aborted.first(() => true)).toMatchObject({ reason: "aborted" });
  });

  it("aborts the requests of a client that closes its stream", async () => {
    const { client, close } = await openStream(endpoint.http);
    await client.open({ version: "2024-11-05" });
    await client.send({ jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "wait" } });
    await client.first("notifications/message");
    close();
    expect(await served.aborted.first(() => true)).toMatchObject({ reason: "aborted" });
  });

  it("answers 404 to messages for a stream that has closed, and names the versions", async () => {
    const { client, close, post } = await openStream(endpoint.http);
    await client.open({ version: "2024-11-05" });
    await client.send({ jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "quiet" } });
    close();
    await served.aborted.first(() => true);
    const response = await post({ jsonrpc: "2.0", id: 8, method: "ping" });
    expect(response.status).toBe(404);
    expect(JSON.stringify(await response.json())).toContain("2024-11-05");
  });

  it.each(["", "x", "a.b.c"])("answers 404 to a message with the token %j", async (token) => {
    const response = await endpoint.http({
      method: "POST",
      headers: { ...postHeaders, "x-target": `/mcp?lutra-stream=${token}` },
      body: JSON.stringify({ jsonrpc: "2.0", id: 8, method: "ping" }),
    });
    expect(response.status).toBe(404);
  });

  it.each([
    ["a request before initialize", { jsonrpc: "2.0", id: 1, method: "tools/list" }, 202],
    ["a batch, which 2024-11-05 does not have", [], 400],
    ["a message without a method", { jsonrpc: "2.0", id: 1 }, 400],
    ["a number", 7, 400],
  ])("answers %s", async (_what, message, status) => {
    const { client, post } = await openStream(endpoint.http);
    expect((await post(message)).status).toBe(status);
    if (status === 202) expect((await client.response(1)).error).toMatchObject({ code: -32600 });
  });

  it("ends the stream when the server closes", async () => {
    const { client, ended } = await openStream(endpoint.http);
    await client.open({ version: "2024-11-05" });
    // The response shows that the subscriptions of the session are open.
    await client.result("ping");
    await served.server.close();
    await ended;
    await expect(client.call("echo", { text: "a" })).rejects.toThrow("HTTP 404");
  });

  it("serves sessions of Streamable HTTP at the same URL", async () => {
    const session = await openSession(endpoint.http);
    await session.listen();
    expect(await session.result("ping")).toEqual({});
  });
});

it("HTTP+SSE is off by default", async () => {
  const { server } = createServed();
  const { http } = await fetchEndpoint(server);
  const response = await http({ headers: { accept: "text/event-stream" } });
  expect(response.status).toBe(405);
  expect(warn).not.toHaveBeenCalled();
});

it("HTTP+SSE prints that it is deprecated", async () => {
  await fetchEndpoint(createServed().server, { httpSse: true });
  expect(warn.mock.calls).toEqual([
    [
      expect.stringMatching(
        /^lutra: httpSse: .* deprecated since MCP 2025-03-26.*Streamable HTTP$/,
      ),
    ],
  ]);
});

it("HTTP+SSE requires an earlier version", async () => {
  const { server } = createServed();
  const options = { httpSse: true, versions: ["2026-07-28"] };
  await expect(fetchEndpoint(server, options)).rejects.toThrow(
    "httpSse: expected an earlier version in versions, such as 2024-11-05",
  );
});

it("a message of another principal never reaches a stream", async () => {
  const { server } = createServed();
  const { http } = await fetchEndpoint(server, {
    httpSse: true,
    authenticate: (header) => ({ id: header("x-user") ?? "nobody" }),
  });
  const { client, target } = await openStream(http, { headers: { "x-user": "ana" } });
  await client.open({ version: "2024-11-05" });
  const post = (user: string) =>
    http({
      method: "POST",
      headers: { ...postHeaders, "x-user": user, "x-target": target },
      body: JSON.stringify({ jsonrpc: "2.0", id: 8, method: "ping" }),
    });
  expect((await post("bob")).status).toBe(404);
  expect((await post("ana")).status).toBe(202);
});

describe("HTTP+SSE at two replicas", () => {
  const keys = randomKeys();
  let replicas: (Endpoint & { readonly served: Served })[];

  let buses: CutBus[];
  let onError: Mock<(error: unknown) => void>;

  beforeEach(async () => {
    buses = createCutBuses(2);
    onError = vi.fn();
    replicas = await Promise.all(
      buses.map(async (events) => {
        const served = createServed();
        served.server.share({ replicas: 2, keys, events });
        return { served, ...(await fetchEndpoint(served.server, { httpSse: true, onError })) };
      }),
    );
  });
  afterEach(async () => {
    for (const { served } of replicas) await served.server.close();
  });

  const at =
    (index: number): Http =>
    (init) =>
      (replicas[index] as Endpoint).http(init);

  it("serves messages that arrive at the replica without the stream", async () => {
    const { client } = await openStream(at(0), { postVia: at(1), answer });
    await client.open({ version: "2025-06-18", capabilities: everything });
    const { content } = await client.call("ask");
    expect(content).toEqual([{ type: "text", text: "Ana in file:///home" }]);
  });

  it("serves a message once that arrived there while the bus was interrupted", async () => {
    const { client } = await openStream(at(0), { postVia: at(1), answer });
    await client.open({ version: "2025-06-18", capabilities: everything });
    buses[1]?.cut();
    const called = client.call("ask");
    await vi.waitFor(() => expect(onError).toHaveBeenCalled());
    buses[1]?.mend();
    expect((await called).content).toEqual([{ type: "text", text: "Ana in file:///home" }]);
    expect(client.all("elicitation/create")).toHaveLength(1);
  });

  it("refuses a malformed message at the other replica with the same status", async () => {
    const { post } = await openStream(at(0), { postVia: at(1) });
    const response = await post({ jsonrpc: "2.0", id: 1 });
    expect(response.status).toBe(400);
  });

  it("refuses a message that is too large for the event bus", async () => {
    const { post } = await openStream(at(0), { postVia: at(1) });
    const params = { name: "echo", arguments: { text: "x".repeat(1_100_000) } };
    const response = await post({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    expect(response.status).toBe(413);
  });
});

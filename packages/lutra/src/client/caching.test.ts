import { describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../protocol/errors.ts";
import { TransportError } from "../protocol/transport-error.ts";
import {
  complete,
  metaOf,
  peerError,
  type Script,
  scripted,
  untilGivenUp,
} from "./fixtures/scripted-server.ts";
import {
  type ClientOptions,
  cacheStatusOf,
  createMemoryResponseCache,
  noResponseCache,
  type ResponseCache,
} from "./index.ts";

let time = 0;
const now = () => time;

function reading(hints: object): Script {
  return (request, _context, count) =>
    request.method === "resources/read"
      ? { resultType: "complete", contents: [{ uri: `${count}`, text: "" }], ...hints }
      : undefined;
}

const fresh = { ttlMs: 1000, cacheScope: "private" };
const open = (hints: object = fresh, options: ClientOptions = {}) =>
  scripted(reading(hints), { now, ...options });
const contentsOf = async ({ client }: ReturnType<typeof scripted>, uri = "a") =>
  (await client.readResource(uri)).contents[0]?.uri;

/** The error of a JSON-RPC error response with the status 503. */
const unavailable = ProtocolError.fromWire({ code: -32603, message: "away" }, { status: 503 });

describe("a response", () => {
  it("is fresh while now < t_received + ttlMs, and stale from then on", async () => {
    const server = open();
    time = 5;
    expect(await contentsOf(server)).toBe("1");
    time = 1004;
    expect(await contentsOf(server)).toBe("1");
    time = 1005;
    expect(await contentsOf(server)).toBe("2");
  });

  it.each([
    ["absent", { cacheScope: "public" }],
    ["0", { ttlMs: 0, cacheScope: "public" }],
    ["negative", { ttlMs: -5, cacheScope: "public" }],
    ["no number", { ttlMs: "1000", cacheScope: "public" }],
  ])("is stale at once when ttlMs is %s", async (_what, hints) => {
    const server = open(hints);
    await contentsOf(server);
    expect(await contentsOf(server)).toBe("2");
  });

  it("is marked when it comes from the cache", async () => {
    const { client } = open();
    expect(cacheStatusOf(await client.readResource("a"))).toBeUndefined();
    expect(cacheStatusOf(await client.readResource("a"))).toBe("fresh");
  });

  it("is not served for other parameters", async () => {
    const server = open();
    expect(await contentsOf(server, "a")).toBe("1");
    expect(await contentsOf(server, "b")).toBe("2");
    expect(await contentsOf(server, "a")).toBe("1");
  });

  it("is not served for other metadata that may affect it", async () => {
    const { client, requests } = open();
    await client.readResource("a");
    await client.readResource("a", { meta: { "com.example/tenant": "x" } });
    await client.readResource("a", { meta: { traceparent: "00-1-1-01" } });
    expect(requests).toHaveLength(2);
  });

  it("of a method that is not cacheable is not stored", async () => {
    const { client, requests } = scripted(() => ({ ...complete, ...fresh }), { now });
    await client.callTool("add");
    await client.callTool("add");
    expect(requests).toHaveLength(2);
  });

  it("to a retry with input is not stored, and a stored one never answers such a retry", async () => {
    const { client, requests } = scripted(
      ({ params }) =>
        params?.inputResponses === undefined
          ? { resultType: "input_required", inputRequests: { r: { method: "roots/list" } } }
          : { contents: [], ...fresh },
      { now, onRoots: () => [] },
    );
    await client.readResource("a");
    await client.readResource("a");
    expect(requests).toHaveLength(4);
  });

  it("is not stored with noResponseCache", async () => {
    const server = open(fresh, { cache: noResponseCache });
    await contentsOf(server);
    expect(await contentsOf(server)).toBe("2");
  });

  it("comes from the server when the cache fails", async () => {
    const fail = () => Promise.reject(new Error("down"));
    const cache: ResponseCache = { get: fail, set: fail, delete: fail };
    const server = open(fresh, { cache });
    expect(await contentsOf(server)).toBe("1");
    expect(server.warnings).toContain("the response cache failed");
  });
});

describe("across authorization contexts", () => {
  const url = "http://localhost/mcp";

  function clients(hints: object, ...options: ClientOptions[]) {
    let count = 0;
    const custom: typeof fetch = async (_url, init) => {
      count += 1;
      const { id } = JSON.parse(String(init?.body));
      const result = {
        resultType: "complete",
        contents: [{ uri: `${count}`, text: "" }],
        ...hints,
      };
      return Response.json({ jsonrpc: "2.0", id, result });
    };
    const cache = createMemoryResponseCache();
    return import("./index.ts").then(({ createClient }) =>
      options.map((one) => createClient(url, { cache, now, fetch: custom, ...one })),
    );
  }

  async function readBoth(hints: object, ...options: ClientOptions[]) {
    const [first, second] = await clients(hints, ...options);
    const read = async (client: typeof first) =>
      (await client?.readResource("a"))?.contents[0]?.uri;
    return [await read(first), await read(second)];
  }

  it("private responses are not shared", async () => {
    expect(await readBoth(fresh, {}, {})).toEqual(["1", "2"]);
    expect(await readBoth(fresh, { partition: "ada" }, { partition: "bo" })).toEqual(["1", "2"]);
  });

  it("private responses are shared within one context", async () => {
    expect(await readBoth(fresh, { partition: "ada" }, { partition: "ada" })).toEqual(["1", "1"]);
  });

  it("public responses are shared", async () => {
    expect(await readBoth({ ...fresh, cacheScope: "public" }, {}, {})).toEqual(["1", "1"]);
  });

  it("public responses are not shared with clients of other capabilities", async () => {
    const hints = { ...fresh, cacheScope: "public" };
    expect(await readBoth(hints, {}, { onRoots: () => [] })).toEqual(["1", "2"]);
  });

  it("private responses are not stored when each request may have another context", async () => {
    const headers = () => ({ authorization: `Bearer ${Math.random()}` });
    const [client] = await clients(fresh, { headers });
    await client?.readResource("a");
    expect((await client?.readResource("a"))?.contents[0]?.uri).toBe("2");
    const shared = await readBoth({ ...fresh, cacheScope: "public" }, { headers }, { headers });
    expect(shared).toEqual(["1", "1"]);
  });
});

describe("equal requests at the same time", () => {
  it("are sent once", async () => {
    const { client, requests } = open({ ttlMs: 0 });
    const [first, second] = await Promise.all([client.readResource("a"), client.readResource("a")]);
    expect(requests).toHaveLength(1);
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
  });

  it("fail together", async () => {
    const { client, requests } = scripted(() => {
      throw peerError(-32603);
    });
    const answers = [client.readResource("a"), client.readResource("a")];
    for (const answer of await Promise.allSettled(answers)) expect(answer.status).toBe("rejected");
    expect(requests).toHaveLength(1);
  });

  it("continue when one caller cancels, and end when the last one does", async () => {
    const { client, requests, contexts } = scripted((_request, context) => untilGivenUp(context));
    const [a, b] = [new AbortController(), new AbortController()];
    const answers = [
      client.readResource("a", { signal: a.signal }),
      client.readResource("a", { signal: b.signal }),
    ].map((answer) => expect(answer).rejects.toMatchObject({ reason: "aborted" }));
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    a.abort();
    await answers[0];
    expect(contexts[0]?.signal.aborted).toBe(false);
    b.abort();
    await answers[1];
    expect(contexts[0]?.signal.aborted).toBe(true);
  });

  it("do not share a request for input", async () => {
    const { client, requests } = scripted(({ params, id }) =>
      params?.requestState === undefined
        ? { resultType: "input_required", requestState: `state of ${id}` }
        : { contents: [] },
    );
    await Promise.all([client.readResource("a"), client.readResource("a")]);
    const states = requests.map(({ params }) => params?.requestState).filter(Boolean);
    expect(new Set(states).size).toBe(2);
  });

  it("are sent separately when each has its own listeners", async () => {
    const { client, requests } = open();
    const onProgress = () => {};
    await Promise.all([
      client.readResource("a", { onProgress }),
      client.readResource("a", { onProgress }),
    ]);
    expect(requests.map((request) => metaOf(request).progressToken)).toEqual([1, 2]);
  });
});

describe("while the server is unavailable", () => {
  function failing(error: unknown, options: ClientOptions = {}) {
    time = 0;
    let isDown = false;
    const server = scripted(
      (request, context, count) => {
        if (isDown) throw error;
        isDown = true;
        return reading(fresh)(request, context, count);
      },
      { now, ...options },
    );
    return server;
  }

  it.each([
    ["the connection fails", new TransportError("closed", "gone")],
    ["the gateway says so", new TransportError("http", "bad gateway", { status: 502 })],
    ["an answer with 503 says so", unavailable],
  ])("a stale response is returned, and marked, when %s", async (_what, error) => {
    const { client, warnings } = failing(error);
    await client.readResource("a");
    time = 2000;
    const result = await client.readResource("a");
    expect(result.contents[0]?.uri).toBe("1");
    expect(cacheStatusOf(result)).toBe("stale");
    expect(warnings).toHaveLength(1);
  });

  it.each([
    ["the server's refusal", peerError(-32602)],
    ["missing authorization", new TransportError("http", "unauthorized", { status: 401 })],
    ["a malformed response", new TransportError("malformed", "no JSON")],
  ])("a stale response does not hide %s", async (_what, error) => {
    const { client } = failing(error);
    await client.readResource("a");
    time = 2000;
    await expect(client.readResource("a")).rejects.toBe(error);
  });

  it("the latest response is returned, also one without freshness", async () => {
    time = 0;
    const { client } = scripted(
      (request, context, count) => {
        if (count > 2) throw new TransportError("http", "bad gateway", { status: 502 });
        return reading(count === 1 ? fresh : { ttlMs: 0 })(request, context, count);
      },
      { now },
    );
    await client.readResource("a");
    time = 2000;
    await client.readResource("a");
    const result = await client.readResource("a");
    expect(cacheStatusOf(result)).toBe("stale");
    expect(result.contents[0]?.uri).toBe("2");
  });

  it("a stale response is returned for at most maxStaleMs", async () => {
    const error = new TransportError("http", "bad gateway", { status: 502 });
    const { client } = failing(error, { maxStaleMs: 500 });
    await client.readResource("a");
    time = 1499;
    expect(cacheStatusOf(await client.readResource("a"))).toBe("stale");
    time = 1500;
    await expect(client.readResource("a")).rejects.toBe(error);
  });
});

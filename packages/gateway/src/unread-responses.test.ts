/** Large responses of an upstream whose clients take nothing, or take them in time. */
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import { createPoster } from "./fixtures/posting.ts";
import { startGateway } from "./gateway.ts";

const large = Buffer.alloc(700_000, "x");
/** More than the buffers of sockets take from a response that nobody reads. */
const huge = Buffer.alloc(16_000_000, "x");
const budget = 1_048_576;
/** A limit that one huge response does not exceed. */
const hugeBudget = 20_971_520;

/** Starts an upstream whose tools `large` and `huge` send their results as fast as they are read. */
async function startUpstream({ answersChecks = true } = {}) {
  const calls: unknown[] = [];
  const checks: (() => void)[] = [];
  let isAnswering = answersChecks;
  const http = createHttpServer(async (req, res) => {
    const { id } = JSON.parse(await text(req));
    const send = (result: string, ...more: readonly (Buffer | string)[]) => {
      res.setHeader("content-type", "application/json");
      res.write(
        `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"resultType":"complete",${result}`,
      );
      for (const part of more) res.write(part);
      res.end("}}");
    };
    if (req.headers["mcp-method"] === "server/discover") {
      const answer = () => send('"supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}');
      if (isAnswering) answer();
      else checks.push(answer);
      return;
    }
    calls.push(id);
    const texts = new Map([
      ["large", large],
      ["huge", huge],
    ]);
    const content = texts.get(String(req.headers["mcp-name"])) ?? "small";
    send('"content":[{"type":"text","text":"', content, '"}]');
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    calls,
    checks,
    /** Answers the checks, also later ones. */
    answerChecks: () => {
      isAnswering = true;
      for (const answer of checks) answer();
    },
  };
}

async function start(upstream: { readonly url: string }, config: Partial<ConfigInput> = {}) {
  const gateway = await startGateway(
    {
      listen: { port: 0 },
      admin: { port: 0 },
      log: false,
      drainMs: 1,
      upstreams: { only: { url: upstream.url } },
      responses: { maxBytes: budget },
      ...config,
    },
    { notice: () => {} },
  );
  onTestFinished(() => gateway.close());
  const gauge = async (name: string) => {
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
    return Number(new RegExp(`^lutra_gateway_${name} (\\S+)`, "m").exec(metrics)?.[1]);
  };
  return { gateway, gauge };
}

/** Calls a tool without reading the response. */
function call(url: string, name: string) {
  const params = { name, arguments: {}, _meta };
  const req = request(url, {
    method: "POST",
    agent: false,
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": name,
    },
  });
  const response = once(req, "response") as Promise<[IncomingMessage]>;
  response.catch(() => {});
  req.on("error", () => {});
  req.end(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }));
  onTestFinished(() => void req.destroy());
  return { req, response };
}

const _meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

async function lengthOf(response: Promise<[IncomingMessage]>) {
  const [res] = await response;
  let length = 0;
  for await (const chunk of res) length += chunk.length;
  return { status: res.statusCode, length };
}

describe("responses that are parsed", () => {
  it("wait in their upstream while clients take nothing, and small ones do not wait", async () => {
    const upstream = await startUpstream();
    const { gateway, gauge } = await start(upstream, { responses: { maxBytes: hugeBudget } });
    await gateway.ready();
    const calls = Array.from({ length: 12 }, () => call(gateway.url, "huge"));
    await expect.poll(() => gauge("responses_waiting")).toBeGreaterThan(4);
    expect(await gauge("response_bytes")).toBeLessThan(3 * hugeBudget);
    const post = createPoster();
    expect(await post(gateway.url, "tools/call", { name: "small" })).toMatchObject({ status: 200 });
    for (const { req } of calls) req.destroy();
    await expect.poll(() => gauge("response_bytes")).toBe(0);
    expect(await gauge("responses_waiting")).toBe(0);
  });

  it("all arrive if clients take them, although they exceed the memory together", async () => {
    const upstream = await startUpstream();
    const { gateway, gauge } = await start(upstream);
    await gateway.ready();
    const calls = Array.from({ length: 12 }, () => lengthOf(call(gateway.url, "large").response));
    for (const { status, length } of await Promise.all(calls)) {
      expect(status).toBe(200);
      expect(length).toBeGreaterThan(large.length);
    }
    await expect.poll(() => gauge("response_bytes")).toBe(0);
  });

  it("are refused with the name of the limit after the time limit", async () => {
    const upstream = await startUpstream();
    const responses = { maxBytes: hugeBudget, waitMs: 1 };
    const { gateway, gauge } = await start(upstream, { responses });
    await gateway.ready();
    const calls = Array.from({ length: 12 }, () => call(gateway.url, "huge"));
    const refused = calls.map(async ({ response }) => {
      const [res] = await response;
      return res.statusCode === 503 ? res : Promise.reject(new Error(`status ${res.statusCode}`));
    });
    const { error } = JSON.parse(await text(await Promise.any(refused)));
    expect(error).toMatchObject({ code: -32603, data: { upstream: "only" } });
    expect(error.message).toContain("responses.maxBytes");
    expect(await gauge("responses_refused_total")).toBeGreaterThan(0);
  });
});

describe("a request before the first health check", () => {
  it("is forwarded unread once the check has ended", async () => {
    const upstream = await startUpstream({ answersChecks: false });
    const upstreams = { only: { url: upstream.url, verify: "upstream" as const } };
    const { gateway, gauge } = await start(upstream, { upstreams });
    const { response, req } = call(gateway.url, "large");
    await expect.poll(() => upstream.checks.length).toBeGreaterThan(0);
    expect(upstream.calls).toEqual([]);
    upstream.answerChecks();
    expect((await response)[0].statusCode).toBe(200);
    expect(await gauge("response_bytes")).toBe(0);
    req.destroy();
  });

  it("is read when the check takes too long", async () => {
    const upstream = await startUpstream({ answersChecks: false });
    const upstreams = { only: { url: upstream.url, verify: "upstream" as const } };
    const { gateway } = await start(upstream, { upstreams });
    const { response } = call(gateway.url, "small");
    // The second one asks on behalf of this request.
    await expect.poll(() => upstream.checks.length, { timeout: 5000 }).toBeGreaterThan(1);
    upstream.answerChecks();
    expect((await response)[0].statusCode).toBe(200);
  });
});

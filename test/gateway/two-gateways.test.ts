/** Two gateway processes behind nginx, with one Redis: each guarantee of one gateway holds with two. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigInput } from "@lutra/gateway";
import { type Client, createClient } from "lutra/client";
import { type HttpEndpoint, serveHttp } from "lutra/node";
import { createServer, defineResource, defineTool, type Server } from "lutra/server";
import { followTasks, tasks } from "lutra/tasks";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { send } from "../cli/http.ts";
import { type RunningLutra, runLutra, untilListening } from "../cli/run-lutra.ts";
import { hasRedisBinary, startRedis, withoutRedis } from "../stores/redis-server.ts";
import { writeConfig } from "./config-file.ts";
import { serveLegacy } from "./fixtures/legacy-server.ts";
import { findProgram, freePort, startNginx } from "./proxy-process.ts";

const missing = [
  findProgram("nginx") === undefined && "needs nginx: apt-get install nginx-light",
  !hasRedisBinary && withoutRedis,
].filter(Boolean);
const needs = missing.length > 0 ? ` (${missing.join("; ")})` : "";

const alice = "a".repeat(32);
const bob = "b".repeat(32);
const minute = 60_000;

describe.skipIf(missing.length > 0)(`two gateways behind nginx${needs}`, () => {
  let url: string;
  let places: readonly string[];
  let servers: Servers;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "lutra-two-"));
    const tokensFile = join(folder, "callers");
    writeFileSync(tokensFile, `alice ${alice}\nbob ${bob}\n`, { mode: 0o600 });
    const redis = await startRedis(true);
    const legacy = await serveLegacy();
    servers = await startServers();
    const config: ConfigInput = {
      listen: { port: 0 },
      admin: false,
      log: false,
      keys: [{ id: "k", secret: Buffer.alloc(32, 7).toString("base64") }],
      shared: { redis: redis.url },
      bus: redis.url,
      auth: { tokensFile },
      upstreams: {
        one: { url: servers.one.url },
        two: { url: servers.two.url },
        old: { url: legacy.url },
      },
      routes: [{ merge: "all", pageSize: 2 }],
      limits: [
        { match: { tool: "rated" }, per: ["principal"], rate: { requests: 4, perMs: minute } },
        { match: { tool: "hold" }, concurrency: 1 },
      ],
    };
    const file = await writeConfig(config);
    const gateways = [runLutra("gateway", file.path), runLutra("gateway", file.path)];
    const running = await Promise.all(gateways.map(untilListening));
    places = running.map((gateway) => new URL(gateway.url).host);
    const port = await freePort();
    const nginx = await startNginx(balanced(port, places), port);
    url = `http://127.0.0.1:${port}/mcp`;
    return async () => {
      await Promise.all(gateways.map(ended));
      await nginx.stop();
      await servers.close();
      await legacy.close();
      await redis.stop();
      await file.remove();
      rmSync(folder, { recursive: true, force: true });
    };
  });

  /** The gateways that have answered since the start of the test. */
  let answered: Set<string>;
  beforeEach(() => {
    answered = new Set();
  });
  const expectBoth = () => expect([...answered].sort()).toEqual([...places].sort());

  async function ask(method: string, params: Record<string, unknown> = {}, token = alice) {
    const name = params.name ?? params.uri;
    const response = await send(url, method, params, {
      headers: headersOf(method, token, typeof name === "string" ? name : undefined),
    });
    answered.add(response.headers.get("x-gateway") ?? "");
    const { result, error } = JSON.parse(await response.text()) as Message;
    return { status: response.status, result, error };
  }
  const call = (name: string, more: object = {}, token = alice) =>
    ask("tools/call", { name, arguments: {}, ...more }, token);

  function connect(token = alice, options: Parameters<typeof createClient>[1] = {}): Client {
    const client = createClient(url, { headers: { authorization: `Bearer ${token}` }, ...options });
    onTestFinished(() => client.close());
    return client;
  }

  /** Subscribes to the tools, and counts the notifications that arrive. */
  async function listen() {
    const ended = new AbortController();
    onTestFinished(() => ended.abort());
    const params = { notifications: { toolsListChanged: true } };
    const headers = headersOf("subscriptions/listen", alice);
    const response = await send(url, "subscriptions/listen", params, {
      headers,
      signal: ended.signal,
    });
    answered.add(response.headers.get("x-gateway") ?? "");
    let text = "";
    const read = async () => {
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += chunk;
      }
    };
    read().catch(() => {});
    return { count: (method: string) => text.split(`${method}"`).length - 1 };
  }

  it("count one rate of each caller together", async () => {
    const statuses = [];
    for (let count = 0; count < 6; count += 1) statuses.push((await call("rated")).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
    expectBoth();
    expect((await call("rated", {}, bob)).status).toBe(200);
  });

  it("count one concurrency together", async () => {
    const holding = servers.hold();
    const first = call("hold");
    await holding.begun;
    expect([(await call("hold")).status, (await call("hold")).status]).toEqual([429, 429]);
    holding.release();
    expect((await first).status).toBe(200);
    expectBoth();
  });

  it("answer from the responses of each other, and show a private one only to its caller", async () => {
    const texts = async (uri: string, token: string) => {
      const { result = {} } = await ask("resources/read", { uri }, token);
      return (result.contents as { text: string }[])[0]?.text;
    };
    const first = await texts("note://private", alice);
    expect([await texts("note://private", alice), await texts("note://private", alice)]).toEqual([
      first,
      first,
    ]);
    const other = await texts("note://private", bob);
    expect(other).not.toBe(first);
    expect([await texts("note://private", bob), await texts("note://private", bob)]).toEqual([
      other,
      other,
    ]);
    expectBoth();
  });

  it("open the cursors of each other", async () => {
    const names: string[] = [];
    let cursor: unknown;
    do {
      const { result = {} } = await ask("tools/list", cursor === undefined ? {} : { cursor });
      names.push(...(result.tools as { name: string }[]).map(({ name }) => name));
      cursor = result.nextCursor;
    } while (cursor !== undefined);
    expect(names).toEqual(expect.arrayContaining(["rated", "hold", "sure", "finish", "second"]));
    expect(new Set(names).size).toBe(names.length);
    expectBoth();
  });

  it.each([
    ["a server of the current revision", "sure"],
    ["a server of an earlier revision", "ask"],
  ])("continue exchanges with questions of %s that began at the other", async (_what, tool) => {
    const begun = await call(tool);
    expect(begun.result).toMatchObject({ resultType: "input_required" });
    const { requestState, inputRequests } = begun.result ?? {};
    const [question = ""] = Object.keys(inputRequests as object);
    const answer = { action: "accept", content: { name: "Ana" } };
    const retry = { requestState, inputResponses: { [question]: answer } };
    const stolen = await call(tool, retry, bob);
    expect(stolen.result).toBeUndefined();
    const { result } = await call(tool, retry);
    expect(JSON.stringify(result?.content)).toContain("accept");
    expectBoth();
  });

  it("follow tasks of each other, for the caller that created them", async () => {
    const ids: string[] = [];
    const client = connect(alice, {
      extensions: [followTasks({ onTask: ({ taskId }) => void ids.push(taskId) })],
    });
    const result = await client.callTool("finish");
    expect(result.content).toEqual([{ type: "text", text: "finished" }]);
    const [taskId = ""] = ids;
    const of = async (token: string) => {
      const headers = headersOf("tasks/get", token, taskId);
      const response = await send(url, "tasks/get", { taskId }, { headers });
      answered.add(response.headers.get("x-gateway") ?? "");
      return ((await response.json()) as Message).result?.status;
    };
    expect([await of(alice), await of(alice), await of(bob)]).toEqual([
      "completed",
      "completed",
      undefined,
    ]);
    expectBoth();
  });

  it("notify the subscribers of both once, and drop the lists of both", async () => {
    const listed = async () => {
      const { tools } = await connect(alice).listTools();
      return tools.some(({ name }) => name === "added");
    };
    expect([await listed(), await listed()]).toEqual([false, false]);
    const streams = await Promise.all(Array.from({ length: 4 }, listen));
    expectBoth();
    await expect.poll(() => streams.map((one) => one.count("acknowledged"))).toEqual([1, 1, 1, 1]);
    servers.one.server.tools.add(defineTool({ name: "added", call: () => "added" }));
    const notified = () => streams.map((one) => one.count("tools/list_changed"));
    await expect.poll(notified).toEqual([1, 1, 1, 1]);
    // The gateway without a change of its own learns of it from its own subscription.
    await expect.poll(async () => [await listed(), await listed()]).toEqual([true, true]);
    expect(notified()).toEqual([1, 1, 1, 1]);
  });
});

function headersOf(method: string, token: string, name?: string) {
  return {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(name !== undefined && { "mcp-name": name }),
    authorization: `Bearer ${token}`,
  };
}

interface Message {
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
}

/** Returns an nginx configuration that sends requests to the places in turn. */
function balanced(port: number, places: readonly string[]): string {
  return `
    upstream gateways { ${places.map((place) => `server ${place};`).join(" ")} keepalive 8; }
    server {
      listen 127.0.0.1:${port};
      location /mcp {
        proxy_pass http://gateways;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_buffering off;
        proxy_read_timeout 1h;
        add_header X-Gateway $upstream_addr always;
      }
    }`;
}

async function ended({ child, closed }: RunningLutra): Promise<void> {
  child.kill("SIGTERM");
  await closed;
}

interface Served {
  readonly url: string;
  readonly server: Server;
}

interface Servers {
  readonly one: Served;
  readonly two: Served;
  /** Lets the next call of `hold` wait until it is released. */
  readonly hold: () => Hold;
  readonly close: () => Promise<void>;
}

interface Hold {
  readonly begun: Promise<void>;
  readonly begin: () => void;
  readonly release: () => void;
  readonly over: Promise<void>;
}

async function startServers(): Promise<Servers> {
  let hold = createHold();
  let reads = 0;
  const info = { version: "1.0.0" };
  const one = createServer({
    name: "one",
    ...info,
    tools: [
      defineTool({ name: "rated", call: () => "rated" }),
      defineTool({
        name: "hold",
        call: async () => {
          hold.begin();
          await hold.over;
          return "held";
        },
      }),
      defineTool({
        name: "sure",
        call: async (_args, context) => {
          const { action } = await context.elicit("sure", {
            message: "Sure?",
            requestedSchema: { type: "object", properties: {} },
          });
          return action;
        },
      }),
    ],
    resources: [
      defineResource({
        uri: "note://private",
        name: "private",
        cache: { ttlMs: minute, cacheScope: "private" },
        read: () => {
          reads += 1;
          return `read ${reads}`;
        },
      }),
    ],
  });
  const two = createServer({
    name: "two",
    ...info,
    tools: [
      defineTool({ name: "second", call: () => "second" }),
      defineTool({ name: "finish", task: "required", call: () => "finished" }),
    ],
    extensions: [tasks({ pollIntervalMs: 20, closeGraceMs: 0 })],
  });
  const ends: HttpEndpoint[] = [];
  const serve = async (server: Server): Promise<Served> => {
    const endpoint = await serveHttp(server, { port: 0, drainMs: 100 });
    ends.push(endpoint);
    return { url: endpoint.url, server };
  };
  return {
    one: await serve(one),
    two: await serve(two),
    hold: () => {
      hold = createHold();
      return hold;
    },
    close: async () => {
      hold.release();
      await Promise.all(ends.map((end) => end.close()));
      await Promise.all([one.close(), two.close()]);
    },
  };
}

function createHold(): Hold {
  const [begun, begin] = createEvent();
  const [over, release] = createEvent();
  return { begun, begin, over, release };
}

/** A promise and its resolver. */
function createEvent(): readonly [happened: Promise<void>, happen: () => void] {
  let happen = () => {};
  const happened = new Promise<void>((resolve) => {
    happen = resolve;
  });
  return [happened, happen];
}

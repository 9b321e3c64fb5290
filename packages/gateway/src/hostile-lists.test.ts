/** Lists of hostile or huge upstreams cost the others nothing, and are never cut in silence. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import { startGateway } from "./gateway.ts";

type Answer = (method: string, cursor: string | undefined) => string;

/** Starts an upstream that answers with these results, as JSON. */
async function startUpstream(answer: Answer) {
  const asked: string[] = [];
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString());
    asked.push(method);
    const result = answer(method, params.cursor) || discovered;
    res.writeHead(200, { "content-type": "application/json" });
    res.end(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, asked };
}

const discovered = JSON.stringify({
  resultType: "complete",
  supportedVersions: ["2026-07-28"],
  capabilities: { tools: {} },
});

const toolsOf = (names: readonly string[], more: object = {}) =>
  JSON.stringify({
    resultType: "complete",
    tools: names.map((name) => ({ name, inputSchema: { type: "object" } })),
    ...more,
  });

const good: Answer = (method) => (method === "tools/list" ? toolsOf(["a"]) : "");
const numbered = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => `t${from + index}`);

async function start(config: ConfigInput) {
  const notices: string[] = [];
  const quiet = { listen: { port: 0 }, admin: false, log: false, drainMs: 100 } as const;
  const gateway = await startGateway(
    { ...quiet, ...config },
    { notice: (line) => notices.push(line) },
  );
  onTestFinished(() => gateway.close());
  await gateway.ready();
  return { url: gateway.url, notices };
}

interface Reply {
  // biome-ignore lint/suspicious/noExplicitAny: the tests check the members that they read
  readonly result?: any;
  // biome-ignore lint/suspicious/noExplicitAny: the tests check the members that they read
  readonly error?: any;
}

async function ask(url: string, method: string, params: { [name: string]: unknown } = {}) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof params.name === "string" && { "mcp-name": params.name }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  });
  const { result, error } = (await response.json()) as Reply;
  return { status: response.status, result, error };
}

const missingOf = (result: { _meta?: object }) =>
  Reflect.get(result._meta ?? {}, "dev.lutra/missing");
const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

it("an upstream whose list is nested too deeply is missing, and the others are shown", async () => {
  const one = await startUpstream(good);
  const deep = await startUpstream((method) =>
    method === "tools/list"
      ? `{"resultType":"complete","tools":[{"name":"d","inputSchema":${nested(5000)}}]}`
      : "",
  );
  const { url } = await start({ upstreams: { one: { url: one.url }, deep: { url: deep.url } } });
  const { status, result } = await ask(url, "tools/list");
  expect(status).toBe(200);
  expect(result.tools.map(({ name }: { name: string }) => name)).toEqual(["a"]);
  expect(missingOf(result)).toEqual(["deep"]);
});

it("a result that is nested too deeply is an error of its upstream", async () => {
  const one = await startUpstream((method, cursor) =>
    method === "tools/call"
      ? `{"resultType":"complete","content":[],"structuredContent":${nested(20_000)}}`
      : good(method, cursor),
  );
  const { url } = await start({ upstreams: { one: { url: one.url } } });
  const { status, error } = await ask(url, "tools/call", { name: "a", arguments: {} });
  expect(status).toBe(502);
  expect(error.data).toEqual({ upstream: "one" });
});

it("a list of more than 10,000 tools is cut, and its upstream is named", async () => {
  const huge = await startUpstream((method) =>
    method === "tools/list" ? toolsOf(numbered(12_000)) : "",
  );
  const one = await startUpstream(good);
  const { url, notices } = await start({
    upstreams: { one: { url: one.url }, huge: { url: huge.url } },
    routes: [{ merge: "all", pageSize: 10_000 }],
  });
  const first = await ask(url, "tools/list");
  expect(first.result.tools).toHaveLength(10_000);
  expect(missingOf(first.result)).toEqual(["huge"]);
  const second = await ask(url, "tools/list", { cursor: first.result.nextCursor });
  expect(second.result.tools).toHaveLength(1);
  expect(second.result.nextCursor).toBeUndefined();
  expect(notices.join()).toContain('upstream "huge" has more than 10000 entries');
});

it("a list of 20 MB is fetched once for all of its pages", async () => {
  const large = await startUpstream((method, cursor) => {
    if (method !== "tools/list") return "";
    const text = { description: "x".repeat(100_000), inputSchema: { type: "object" } };
    const from = Number(cursor ?? 0);
    const tools = numbered(50, from).map((name) => ({ name, ...text }));
    return JSON.stringify({
      resultType: "complete",
      tools,
      ...(from < 150 && { nextCursor: `${from + 50}` }),
    });
  });
  const { url } = await start({
    upstreams: { large: { url: large.url } },
    routes: [{ merge: "all", pageSize: 50 }],
  });
  const count = () => large.asked.filter((method) => method === "tools/list").length;
  const before = count();
  let cursor: string | undefined;
  let pages = 0;
  do {
    const { result } = await ask(url, "tools/list", cursor === undefined ? {} : { cursor });
    cursor = result.nextCursor;
    pages += 1;
  } while (cursor !== undefined);
  expect(pages).toBe(4);
  expect(count() - before).toBe(4);
});

it("a configured ttlMs applies to the lists of an upstream that sends none", async () => {
  const one = await startUpstream(good);
  const two = await startUpstream((method) =>
    method === "tools/list" ? toolsOf(["b"], { ttlMs: 0, cacheScope: "public" }) : "",
  );
  const lists = { ttlMs: 60_000, cacheScope: "public" as const };
  const { url } = await start({
    upstreams: { one: { url: one.url, lists }, two: { url: two.url, lists } },
  });
  const count = ({ asked }: typeof one) => asked.filter((method) => method === "tools/list").length;
  await ask(url, "tools/list");
  const before = [count(one), count(two)] as const;
  await ask(url, "tools/list");
  expect(count(one)).toBe(before[0]);
  expect(count(two)).toBe(before[1] + 1);
});

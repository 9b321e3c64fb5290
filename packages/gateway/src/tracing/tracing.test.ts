import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import type { ConfigInput } from "../config/schema.ts";
import { send } from "../delivery/fixtures/front.ts";
import { startGateway } from "../gateway.ts";
import type { GatewayOptions } from "../gateway-options.ts";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

beforeAll(() => provider.register());
afterEach(() => exporter.reset());
afterAll(async () => {
  await provider.shutdown();
  for (const api of [trace, context, propagation]) api.disable();
});

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Starts an upstream that answers once `hold` has resolved, and keeps what it receives. */
async function startUpstream(hold: () => Promise<void> = async () => {}) {
  const received: Received[] = [];
  const server = createServer(async (req, res) => {
    const body = await text(req);
    const { traceparent } = req.headers;
    // The requests of the gateway itself have no trace.
    if (traceparent !== undefined) received.push({ headers: req.headers, body });
    if (traceparent !== undefined) await hold();
    const hints = { ttlMs: 60_000, cacheScope: "public", resultType: "complete" };
    const result = body.includes("tools/list")
      ? { tools: [], ...hints }
      : { content: [], supportedVersions: ["2026-07-28"], capabilities: { tools: {} }, ...hints };
    res.setHeader("content-type", "application/json");
    res.end(JSON.stringify({ jsonrpc: "2.0", id: JSON.parse(body).id, result }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, received };
}

async function startFor(config: ConfigInput, options: GatewayOptions = {}) {
  const lines: string[] = [];
  const gateway = await startGateway(
    { listen: { port: 0 }, admin: false, drainMs: 100, ...config },
    { notice: () => {}, logStream: { write: (line) => lines.push(line) }, ...options },
  );
  let isClosed = false;
  const close = async () => {
    if (!isClosed) await gateway.close();
    isClosed = true;
  };
  onTestFinished(close);
  await gateway.ready();
  return {
    port: Number(new URL(gateway.url).port),
    lines,
    close,
    reload: gateway.reload,
    queued: () => gateway.upstreams()[0]?.queued,
  };
}

const traceId = "0af7651916cd43dd8448eb211c80319c";
const parentId = "00f067aa0ba902b7";
const traceparent = `00-${traceId}-${parentId}-01`;
const accept = "application/json, text/event-stream";

function bodyOf(method: string, params: object, meta: object = {}): string {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    ...meta,
  };
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } });
}

function call(
  front: { readonly port: number },
  headers: { readonly [name: string]: string } = { traceparent },
  meta: object = {},
) {
  const body = bodyOf("tools/call", { name: "t", arguments: {} }, meta);
  return send(front, "tools/call", { headers: { accept, "mcp-name": "t", ...headers }, body });
}

/** Returns the spans that have ended, in the order of their start, once there are `count` of them. */
async function spans(count: number) {
  await vi.waitFor(() => expect(exporter.getFinishedSpans()).toHaveLength(count));
  const all = exporter.getFinishedSpans();
  const nameOf = (id: string | undefined) => {
    const parent = all.find((span) => span.spanContext().spanId === id);
    return parent === undefined ? id : `${SpanKind[parent.kind]} ${parent.name}`;
  };
  return all.map((span) => ({
    span: `${SpanKind[span.kind]} ${span.name}`,
    parent: nameOf(span.parentSpanContext?.spanId),
    id: span.spanContext().spanId,
    attributes: span.attributes,
  }));
}

it("records nothing and sends the client's traceparent when tracing is off", async () => {
  const { url, received } = await startUpstream();
  await call(await startFor({ upstreams: { a: { url } } }));
  expect(received[0]?.headers.traceparent).toBe(traceparent);
  expect(exporter.getFinishedSpans()).toEqual([]);
});

it("continues the trace of a request that passes through in the header, with the body unread", async () => {
  const { url, received } = await startUpstream();
  const front = await startFor({ upstreams: { a: { url, verify: "upstream" } }, tracing: true });
  await call(front, { traceparent, tracestate: "a=1", baggage: "b=2" }, { traceparent });
  const [attempt, exchange] = await spans(2);
  expect(exchange).toMatchObject({ span: "SERVER tools/call t", parent: parentId });
  expect(attempt).toMatchObject({ span: "CLIENT tools/call t", parent: "SERVER tools/call t" });
  const { headers, body } = received[0] as Received;
  expect(headers.traceparent).toBe(`00-${traceId}-${attempt?.id}-01`);
  expect(headers).toMatchObject({ tracestate: "a=1", baggage: "b=2" });
  expect(body).toBe(bodyOf("tools/call", { name: "t", arguments: {} }, { traceparent }));
});

it("continues the trace of a parsed request in _meta and in the headers", async () => {
  const { url, received } = await startUpstream();
  const limits = [{ rate: { requests: 1000, perMs: 1000 } }];
  const front = await startFor({ upstreams: { a: { url } }, limits, tracing: true });
  await call(front, {}, { traceparent, tracestate: "a=1", baggage: "b=2" });
  const [waiting, attempt, exchange] = await spans(3);
  expect(waiting).toMatchObject({ span: "INTERNAL wait limits", parent: "SERVER tools/call t" });
  expect(exchange).toMatchObject({ span: "SERVER tools/call t", parent: parentId });
  const sent = `00-${traceId}-${attempt?.id}-01`;
  const { headers, body } = received[0] as Received;
  expect(headers).toMatchObject({ traceparent: sent, tracestate: "a=1" });
  expect(JSON.parse(body).params._meta).toMatchObject({
    traceparent: sent,
    tracestate: "a=1",
    baggage: "b=2",
  });
});

it("starts a trace for a request with an invalid traceparent", async () => {
  const { url, received } = await startUpstream();
  const front = await startFor({ upstreams: { a: { url } }, tracing: true });
  await call(front, { traceparent: `00-${"0".repeat(32)}-${parentId}-01` });
  const [attempt, exchange] = await spans(2);
  expect(exchange?.parent).toBeUndefined();
  expect(received[0]?.headers.traceparent).toContain(attempt?.id);
});

it("sends no tracestate of one caller with a request whose result others may get", async () => {
  const { url, received } = await startUpstream();
  const front = await startFor({ upstreams: { a: { url, trustPublic: true } }, tracing: true });
  const headers = { accept, traceparent, tracestate: "a=1" };
  const list = () => send(front, "tools/list", { headers, body: bodyOf("tools/list", {}) });
  await list();
  await list();
  const all = await spans(3);
  expect(received).toHaveLength(1);
  expect(received[0]?.headers.tracestate).toBeUndefined();
  const caches = all.map(({ attributes }) => attributes["lutra.gateway.cache"]);
  expect(caches).toEqual([undefined, "miss", "hit"]);
});

it("records the wait for a free slot of an upstream", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { url, received } = await startUpstream(() => held);
  const concurrency = { max: 1, queue: 10, queueMs: 10_000 };
  const front = await startFor({
    upstreams: { a: { url, concurrency, verify: "upstream" } },
    tracing: true,
  });
  const first = call(front);
  await vi.waitFor(() => expect(received).toHaveLength(1));
  const second = call(front);
  await vi.waitFor(() => expect(front.queued()).toBe(1));
  release();
  await Promise.all([first, second]);
  const all = await spans(5);
  const waits = all.filter(({ span }) => span === "INTERNAL wait queue");
  expect(waits).toMatchObject([{ parent: "SERVER tools/call t" }]);
});

it("records a refused request, without the name that its client has chosen", async () => {
  const { url } = await startUpstream();
  const routes = [{ match: { tool: "t" }, deny: "no" }, { to: "a" }];
  const front = await startFor({ upstreams: { a: { url } }, routes, tracing: true });
  await call(front);
  await send(front, "any/method", { headers: { accept }, body: bodyOf("any/method", {}) });
  const [denied, _attempt, unknown] = await spans(3);
  expect(denied).toMatchObject({ span: "SERVER tools/call", parent: parentId });
  expect(denied?.attributes["error.type"]).toBe(denied?.attributes["rpc.response.status_code"]);
  expect(unknown?.span).toBe("SERVER _OTHER");
  expect(unknown?.attributes["mcp.method.name"]).toBe("_OTHER");
});

it("logs the trace of every request when tracing is on, and else that of a valid traceparent", async () => {
  const { url } = await startUpstream();
  const traced = await startFor({ upstreams: { a: { url } } }, { tracing: true });
  await call(traced, {});
  const [span] = await spans(2);
  expect(span).toBeDefined();
  await traced.close();
  const started = exporter.getFinishedSpans()[0]?.spanContext().traceId;
  expect(JSON.parse(traced.lines.join(""))).toMatchObject({ trace: started });

  const plain = await startFor({ upstreams: { a: { url } } });
  await call(plain);
  await call(plain, { traceparent: `00-${"0".repeat(32)}-${parentId}-01` });
  await plain.close();
  const logged = plain.lines.join("").trim().split("\n");
  expect(logged.map((line) => JSON.parse(line).trace)).toEqual([traceId, undefined]);
});

it("takes the configuration before the option, and needs a restart to change it", async () => {
  const { url } = await startUpstream();
  const config = { upstreams: { a: { url } } };
  const front = await startFor({ ...config, tracing: false }, { tracing: true });
  await call(front);
  expect(exporter.getFinishedSpans()).toEqual([]);
  const next = { listen: { port: 0 }, admin: false as const, ...config, tracing: true };
  await expect(front.reload(next)).rejects.toThrow("tracing: expected false");
});

it("serves and logs as usual while no SDK is registered", async () => {
  for (const api of [trace, context, propagation]) api.disable();
  const { url, received } = await startUpstream();
  const front = await startFor({ upstreams: { a: { url } }, tracing: true });
  await call(front);
  await call(front, {});
  await front.close();
  provider.register();
  expect(received[0]?.headers.traceparent).toBe(traceparent);
  const logged = front.lines.join("").trim().split("\n");
  expect(logged.map((line) => JSON.parse(line).trace)).toEqual([traceId, undefined]);
});

/** Upstreams that speak an earlier revision of MCP. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type JSONRPCRequest, metaKeys } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { after, upstreamConfig } from "../delivery/fixtures/front.ts";
import { mergeOf } from "../merge/fixtures/upstreams.ts";
import { createUpstream } from "./create-upstream.ts";

const program = fileURLToPath(new URL("./fixtures/stdio-server.mjs", import.meta.url));
const unreachable = "http://127.0.0.1:9/";
const _meta = { [metaKeys.protocolVersion]: "2026-07-28", [metaKeys.clientCapabilities]: {} };
const call: JSONRPCRequest = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "look", _meta },
};
const context = () => ({ signal: new AbortController().signal, notify: () => {} });

function start(url: string, settings: { readonly [name: string]: unknown }) {
  const warnings: string[] = [];
  const upstream = createUpstream("old", upstreamConfig([url], settings), {
    onWarning: (message) => void warnings.push(message),
  });
  after(() => upstream.close(0));
  return { upstream, warnings };
}

/** Starts a server that answers each request by its method. */
async function startServer(
  answerTo: (method: unknown) => { readonly status: number; readonly message: object },
): Promise<string> {
  const server = createServer((req, res) => {
    const { status, message } = answerTo(req.headers["mcp-method"]);
    res.writeHead(status, { "content-type": "application/json" });
    res.end(JSON.stringify({ jsonrpc: "2.0", ...message }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

/** Starts a server that refuses every request as the official SDK of 2025-11-25 does. */
const startLegacy = () =>
  startServer(() => ({
    status: 400,
    message: { id: null, error: { code: -32000, message: "Bad Request: Server not initialized" } },
  }));

const failure = {
  status: 502,
  message: "The upstream speaks an earlier revision of MCP, which begins with initialize",
  data: { upstream: "old" },
};

describe("an upstream of an earlier revision", () => {
  it.each([
    ["HTTP", async () => [await startLegacy(), { era: "modern" }] as const, "-32000"],
    [
      "stdio",
      async () =>
        [
          unreachable,
          { url: undefined, command: [process.execPath, program, "--legacy"], era: "modern" },
        ] as const,
      "-32601",
    ],
  ])("over %s is named at start, in the status and in errors", async (_what, begin, code) => {
    const { upstream, warnings } = start(...(await begin()));
    expect(await upstream.ready(5000)).toBe(true);
    const evidence = `it answered server/discover with the error ${code}`;
    expect(warnings).toEqual([
      'upstream "old" speaks an earlier revision of MCP, which begins with initialize ' +
        `(2025-11-25 or before): ${evidence}. Expected 2026-07-28; use a version of the server ` +
        "that speaks it, or era: auto, with which the gateway translates",
    ]);
    expect(upstream.status().replicas).toMatchObject([{ state: "up", earlierRevision: evidence }]);
    await expect(upstream.serve(call, context())).rejects.toMatchObject(failure);
    const merged = mergeOf([upstream]).serve(call, context());
    await expect(merged).rejects.toMatchObject(failure);
    expect(warnings).toHaveLength(1);
  });

  it("is not one that only lacks a method or an argument", async () => {
    const discovered = { supportedVersions: ["2026-07-28"], capabilities: {} };
    const error = { code: -32602, message: "params.session: expected a string" };
    const url = await startServer((method) =>
      method === "server/discover"
        ? { status: 200, message: { id: 0, result: discovered } }
        : { status: 400, message: { id: 1, error } },
    );
    const { upstream, warnings } = start(url, { era: "modern" });
    expect(await upstream.ready(5000)).toBe(true);
    await expect(upstream.serve(call, context())).rejects.toMatchObject({ code: -32602 });
    expect(upstream.status().replicas[0]?.earlierRevision).toBeUndefined();
    expect(warnings).toEqual([]);
  });
});

/**
 * Compares the servers of docs/from-official-sdk.md by their results. `npm run test:docs` compares
 * those of docs/from-fastmcp.md.
 */
import { createServer, type Server as HttpServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type NodeIncomingMessageLike, toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, type McpServerFactory } from "@modelcontextprotocol/server";
import { createClient } from "lutra/client";
import { serveHttp } from "lutra/node";
import type { Server } from "lutra/server";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Block, fileOf, readBlocks, writeBlocks } from "../../tools/docs-blocks.ts";
import { resultsOf as callLibrary } from "./library-results.ts";

const root = join(import.meta.dirname, "../..");
const blocks = readBlocks(root);
const pages = ["docs/from-official-sdk.md", "docs/from-fastmcp.md"];

function blockOf(page: string, name: string): Block {
  const block = blocks.find((each) => each.path === page && each.name === name);
  if (block === undefined) throw new Error(`${page}: expected a block named ${name}`);
  return block;
}

beforeAll(() => void writeBlocks(root));

it("shows the same Lutra server on both pages", () => {
  const [official, fastmcp] = pages.map((page) => blockOf(page, "library.ts").shown);
  expect(official).toBe(fastmcp);
});

describe("the official server and the Lutra server", () => {
  it("answer the same calls alike", async () => {
    const library = await moduleOf<{ default: Server }>("library.ts");
    const official = await moduleOf<{ createLibrary: McpServerFactory }>("official.ts");
    const results = await resultsOf(await serveLutra(library.default));
    expect(await resultsOf(await serveOfficial(official.createLibrary))).toEqual(results);
    expect(results).toMatchObject({
      found: { structuredContent: { id: "1" } },
      unknown: { isError: true },
      progress: [
        { progress: 1, total: 2, message: "Momo" },
        { progress: 2, total: 2, message: "Matilda" },
      ],
      missing: -32602,
      completed: ["Momo", "Matilda"],
      removed: [{ type: "text", text: "Removed" }],
    });
  });
});

it("serves a client with the block for v1 of the official SDK", async () => {
  const { app } = await moduleOf<{ app: RequestListener }>("official-1.ts");
  const client = createClient(await listen(createServer(app)));
  onTestFinished(() => client.close());
  expect((await client.discover()).supportedVersions).toEqual(["2025-11-25"]);
  expect(client.serverEra).toBe("legacy");
});

function moduleOf<T>(name: string): Promise<T> {
  return import(join(root, fileOf(blockOf("docs/from-official-sdk.md", name))));
}

async function serveLutra(library: Server): Promise<string> {
  const { url, close } = await serveHttp(library, { port: 0 });
  onTestFinished(close);
  return url;
}

async function serveOfficial(createLibrary: McpServerFactory): Promise<string> {
  const handler = createMcpHandler(createLibrary);
  const answer = toNodeHandler(handler);
  // Its types do not expect `exactOptionalPropertyTypes`.
  const http = createServer((req, res) => void answer(req as NodeIncomingMessageLike, res));
  onTestFinished(() => handler.close());
  return await listen(http);
}

async function listen(http: HttpServer): Promise<string> {
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => http.close().closeAllConnections());
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
}

async function resultsOf(url: string) {
  const { results, close } = await callLibrary(url);
  onTestFinished(close);
  return results;
}

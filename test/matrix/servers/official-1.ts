/** A server of the official SDK, version 1, with sessions, as its documentation shows. */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { SubscribeRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import * as z from "zod";
import { listen } from "./http.ts";

let cancelled = 0;

const text = (value: string) => ({ content: [{ type: "text" as const, text: value }] });

function createMatrixServer(): McpServer {
  const mcp = new McpServer(
    { name: "official-1", version: "1" },
    { capabilities: { resources: { subscribe: true } } },
  );
  mcp.server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  mcp.registerResource("a", "memo://a", {}, (uri) => ({
    contents: [{ uri: uri.href, text: "text of a" }],
  }));
  mcp.registerTool("echo", { inputSchema: { text: z.string() } }, ({ text: value }) => text(value));
  mcp.registerTool("ask", {}, async () => {
    const answer = await mcp.server.elicitInput({
      message: "Name?",
      requestedSchema: { type: "object", properties: { name: { type: "string" } } },
    });
    return text(answer.action === "accept" ? `Hello, ${answer.content?.name}` : answer.action);
  });
  mcp.registerTool("sample", {}, async () => {
    const { content } = await mcp.server.createMessage({
      messages: [{ role: "user", content: { type: "text", text: "A haiku" } }],
      maxTokens: 10,
    });
    return text(JSON.stringify(content));
  });
  mcp.registerTool("locate", {}, async () => {
    const { roots } = await mcp.server.listRoots();
    return text(roots.map(({ uri }) => uri).join());
  });
  mcp.registerTool("walk", { inputSchema: { steps: z.number() } }, async ({ steps }, extra) => {
    const progressToken = extra._meta?.progressToken;
    for (let progress = 1; progressToken !== undefined && progress <= steps; progress += 1) {
      const params = { progressToken, progress, total: steps };
      await extra.sendNotification({ method: "notifications/progress", params });
      await delay(10); // time: apart from the result
    }
    return text("there");
  });
  mcp.registerTool("wait", {}, async (extra) => {
    const progressToken = extra._meta?.progressToken;
    if (progressToken !== undefined) {
      const params = { progressToken, progress: 1 };
      await extra.sendNotification({ method: "notifications/progress", params });
    }
    await new Promise((resolve) => {
      extra.signal.addEventListener("abort", resolve, { once: true });
    });
    cancelled += 1;
    return text("cancelled");
  });
  mcp.registerTool("cancelled", {}, () => text(`${cancelled}`));
  mcp.registerTool("touch", {}, async () => {
    await mcp.server.sendResourceUpdated({ uri: "memo://a" });
    return text("touched");
  });
  return mcp;
}

if (process.argv.includes("--stdio")) {
  await createMatrixServer().connect(new StdioServerTransport());
} else {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  listen(async (req, res) => {
    const known = sessions.get(String(req.headers["mcp-session-id"]));
    if (known !== undefined) return await known.handleRequest(req, res);
    if (req.headers["mcp-session-id"] !== undefined) {
      res.writeHead(404).end();
      return;
    }
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    // Its types do not expect `exactOptionalPropertyTypes`.
    await createMatrixServer().connect(transport as Transport);
    await transport.handleRequest(req, res);
  });
}

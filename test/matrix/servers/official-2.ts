/** A server of the official SDK, version 2, which serves both eras. */
import { setTimeout as delay } from "node:timers/promises";
import { toNodeHandler } from "@modelcontextprotocol/node";
import type { CallToolResult, InputRequiredResult } from "@modelcontextprotocol/server";
import {
  acceptedContent,
  createMcpHandler,
  inputRequired,
  inputResponse,
  McpServer,
} from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import * as z from "zod";
import { listen } from "./http.ts";

type Called = CallToolResult | InputRequiredResult;

const nameForm = z.object({ name: z.string() });
let cancelled = 0;

const text = (value: string): CallToolResult => ({ content: [{ type: "text", text: value }] });

function createMatrixServer(resourceUpdated: (uri: string) => void): McpServer {
  const mcp = new McpServer(
    { name: "official-2", version: "2" },
    { capabilities: { resources: { subscribe: true } } },
  );
  // Clients of earlier revisions send this request. The server sends every update to them.
  mcp.server.setRequestHandler("resources/subscribe", async () => ({}));
  mcp.registerResource("a", "memo://a", {}, async ({ href }) => ({
    contents: [{ uri: href, text: "text of a" }],
  }));
  const echo = { inputSchema: z.object({ text: z.string() }) };
  mcp.registerTool("echo", echo, async (args) => text(args.text));
  mcp.registerTool("ask", {}, async (ctx): Promise<Called> => {
    const accepted = acceptedContent(ctx.mcpReq.inputResponses, "name", nameForm);
    if (accepted !== undefined) return text(`Hello, ${accepted.name}`);
    const requested = { message: "Name?", requestedSchema: nameForm };
    return inputRequired({ inputRequests: { name: inputRequired.elicit(requested) } });
  });
  mcp.registerTool("sample", {}, async (ctx): Promise<Called> => {
    const answer = inputResponse(ctx.mcpReq.inputResponses, "haiku");
    if (answer.kind === "sampling") return text(JSON.stringify(answer.result.content));
    const messages = [{ role: "user", content: { type: "text", text: "A haiku" } }] as const;
    const haiku = inputRequired.createMessage({ messages: [...messages], maxTokens: 10 });
    return inputRequired({ inputRequests: { haiku } });
  });
  mcp.registerTool("locate", {}, async (ctx): Promise<Called> => {
    const answer = inputResponse(ctx.mcpReq.inputResponses, "where");
    if (answer.kind === "roots") return text(answer.roots.map(({ uri }) => uri).join());
    return inputRequired({ inputRequests: { where: inputRequired.listRoots() } });
  });
  const walk = { inputSchema: z.object({ steps: z.number() }) };
  mcp.registerTool("walk", walk, async ({ steps }, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (let progress = 1; progressToken !== undefined && progress <= steps; progress += 1) {
      const params = { progressToken, progress, total: steps };
      await mcpReq.notify({ method: "notifications/progress", params });
      await delay(10); // time: apart from the result
    }
    return text("there");
  });
  mcp.registerTool("wait", {}, async ({ mcpReq }) => {
    const { signal } = mcpReq;
    const ended = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    const progressToken = mcpReq._meta?.progressToken;
    if (progressToken !== undefined) {
      const params = { progressToken, progress: 1 };
      await mcpReq.notify({ method: "notifications/progress", params });
    }
    if (!signal.aborted) await ended;
    cancelled += 1;
    return text("cancelled");
  });
  mcp.registerTool("cancelled", {}, async () => text(`${cancelled}`));
  mcp.registerTool("touch", {}, async () => {
    resourceUpdated("memo://a");
    return text("touched");
  });
  return mcp;
}

if (process.argv.includes("--stdio")) {
  serveStdio(() => {
    const server: McpServer = createMatrixServer((uri) => {
      void server.server.sendResourceUpdated({ uri });
    });
    return server;
  });
} else {
  const handler = createMcpHandler(() => createMatrixServer(handler.notify.resourceUpdated));
  const answer = toNodeHandler(handler);
  // Its types do not expect `exactOptionalPropertyTypes`.
  listen((req, res) => void answer(req as Parameters<typeof answer>[0], res));
}

/** A server of `mcp-handler`, which answers `fetch`. The URL of its HTTP endpoint is printed. */
import { setTimeout as delay } from "node:timers/promises";
import { createMcpHandler } from "mcp-handler";
import { z } from "zod";
import { listenFetch } from "./listen-fetch.mjs";

const text = (value) => ({ content: [{ type: "text", text: value }] });

listenFetch(
  createMcpHandler((server) => {
    server.registerResource("a", "memo://a", {}, async ({ href }) => ({
      contents: [{ uri: href, text: "text of a" }],
    }));
    const echo = { inputSchema: z.object({ text: z.string() }) };
    server.registerTool("echo", echo, async (args) => text(args.text));
    const walk = { inputSchema: z.object({ steps: z.number() }) };
    server.registerTool("walk", walk, async ({ steps }, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      for (let progress = 1; progressToken !== undefined && progress <= steps; progress += 1) {
        const params = { progressToken, progress, total: steps };
        await mcpReq.notify({ method: "notifications/progress", params });
        await delay(10); // time: apart from the result
      }
      return text("there");
    });
  }),
);

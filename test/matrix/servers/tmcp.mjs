/** A server of tmcp, which serves both eras. `--stdio`, or an HTTP endpoint whose URL is printed. */
import { setTimeout as delay } from "node:timers/promises";
import { ZodJsonSchemaAdapter } from "@tmcp/adapter-zod";
import { HttpTransport } from "@tmcp/transport-http";
import { StdioTransport } from "@tmcp/transport-stdio";
import { McpServer } from "tmcp";
import { tool } from "tmcp/utils";
import { z } from "zod";
import { listenFetch } from "./listen-fetch.mjs";

const server = new McpServer(
  { name: "tmcp", version: "1" },
  {
    adapter: new ZodJsonSchemaAdapter(),
    capabilities: { tools: { listChanged: true }, resources: { listChanged: true } },
  },
);

server.tool(
  { name: "echo", description: "", schema: z.object({ text: z.string() }) },
  async ({ text }) => tool.text(text),
);
server.tool({ name: "ask", description: "", replayable: true }, async () => {
  const answer = await server.elicitation("Name?", z.object({ name: z.string() }), { key: "name" });
  return tool.text(answer.action === "accept" ? `Hello, ${answer.content.name}` : answer.action);
});
server.tool(
  { name: "walk", description: "", schema: z.object({ steps: z.number() }) },
  async ({ steps }) => {
    for (let progress = 1; progress <= steps; progress += 1) {
      await server.progress(progress, steps);
      await delay(10); // time: apart from the result
    }
    return tool.text("there");
  },
);
server.resource({ name: "a", description: "", uri: "memo://a" }, async (uri) => ({
  contents: [{ uri, text: "text of a" }],
}));

if (process.argv.includes("--stdio")) {
  new StdioTransport(server).listen();
} else {
  const transport = new HttpTransport(server, { path: "/mcp" });
  listenFetch(async (request) => {
    return (await transport.respond(request)) ?? new Response(null, { status: 404 });
  });
}

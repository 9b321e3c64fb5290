/** The same server, once with Lutra and once with the official SDK 2.4.0. */
import { createMcpHandler, McpServer, ResourceTemplate } from "@modelcontextprotocol/server";
import { createFetchHandler } from "lutra/http";
import {
  createServer,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
} from "lutra/server";
import * as z from "zod";

export type Handle = (request: Request) => Promise<Response>;

export const echo = { description: "Echoes", inputSchema: z.object({ text: z.string() }) };
export const add = {
  description: "Adds",
  inputSchema: z.object({ a: z.number(), b: z.number() }),
  outputSchema: z.object({ sum: z.number() }),
};
export const locate = {
  description: "Mirrors",
  inputSchema: z.object({
    country: z.string().meta({ "x-mcp-header": "Country" }),
    limit: z.number().int().optional().meta({ "x-mcp-header": "Limit" }),
  }),
};

export function createLutraHandler(): Handle {
  const server = createServer({
    name: "same",
    version: "1.0.0",
    onError: () => {},
    tools: [
      defineTool({ name: "echo", ...echo, call: ({ text }) => text }),
      defineTool({ name: "add", ...add, call: ({ a, b }) => ({ sum: a + b }) }),
      defineTool({ name: "locate", ...locate, call: (args) => JSON.stringify(args) }),
      defineTool({ name: "plain", call: () => "plain" }),
      defineTool({
        name: "fail",
        call: () => {
          throw new Error("no otters today");
        },
      }),
    ],
    resources: [
      defineResource({ uri: "memo://readme", name: "readme", read: () => "Otters play." }),
    ],
    resourceTemplates: [
      defineResourceTemplate({
        uriTemplate: "place://{name}",
        name: "place",
        read: ({ name }) => name,
      }),
    ],
    prompts: [
      definePrompt({
        name: "greet",
        arguments: { name: { required: true } },
        get: ({ name }) => `Greet ${name}.`,
      }),
    ],
  });
  return createFetchHandler(server, { onError: () => {} });
}

export function createOfficialHandler(): Handle {
  const handler = createMcpHandler(createOfficialServer, { onerror: () => {} });
  return (request) => handler.fetch(request);
}

function createOfficialServer(): McpServer {
  const server = new McpServer({ name: "same", version: "1.0.0" });
  const text = (value: string) => ({ content: [{ type: "text" as const, text: value }] });
  server.registerTool("echo", echo, async (args) => text(args.text));
  server.registerTool("add", add, async ({ a, b }) => {
    const structuredContent = { sum: a + b };
    return { ...text(JSON.stringify(structuredContent)), structuredContent };
  });
  server.registerTool("locate", locate, async (args) => text(JSON.stringify(args)));
  server.registerTool("plain", {}, async () => text("plain"));
  server.registerTool("fail", {}, async () => {
    throw new Error("no otters today");
  });
  server.registerResource("readme", "memo://readme", {}, async ({ href }) => ({
    contents: [{ uri: href, text: "Otters play." }],
  }));
  const template = new ResourceTemplate("place://{name}", { list: undefined });
  server.registerResource("place", template, {}, async ({ href }, { name }) => ({
    contents: [{ uri: href, text: String(name) }],
  }));
  const argsSchema = z.object({ name: z.string() });
  server.registerPrompt("greet", { argsSchema }, ({ name }) => ({
    messages: [{ role: "user", content: { type: "text", text: `Greet ${name}.` } }],
  }));
  return server;
}

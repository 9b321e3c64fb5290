/** A server of the current revision and one of 2025-11-25, whose side effects are counted. */
import { randomUUID } from "node:crypto";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { ElicitResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { serveHttp } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import { z } from "zod";

export interface Upstreams {
  readonly modern: string;
  readonly legacy: string;
  /** The number of effects by the id of their call. */
  readonly effects: ReadonlyMap<string, number>;
  readonly close: () => Promise<void>;
}

export async function startUpstreams(): Promise<Upstreams> {
  const effects = new Map<string, number>();
  const pay = (id: string): string => {
    effects.set(id, (effects.get(id) ?? 0) + 1);
    return id;
  };
  const modern = await startModern(pay);
  const legacy = await startLegacy(pay);
  return {
    modern: modern.url,
    legacy: legacy.url,
    effects,
    close: async () => {
      await modern.close();
      legacy.close();
    },
  };
}

type Pay = (id: string) => string;

const input = { id: z.string() };

function startModern(pay: Pay) {
  const inputSchema = z.object(input);
  const server = createServer({
    name: "modern",
    version: "1.0.0",
    tools: [
      defineTool({ name: "look", inputSchema, call: ({ id }) => id }),
      defineTool({
        name: "pay",
        inputSchema,
        call: async ({ id }, context) => {
          await context.elicit("sure", {
            message: "Pay?",
            requestedSchema: z.object({ sure: z.boolean() }),
          });
          return pay(id);
        },
      }),
    ],
  });
  return serveHttp(server, { port: 0, versions: ["2026-07-28"] });
}

/** Serves sessions of the official SDK 1. */
async function startLegacy(
  pay: Pay,
): Promise<{ readonly url: string; readonly close: () => void }> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const http = createHttpServer((req, res) => void answer(req, res));

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await text(req);
    const message = body === "" ? undefined : JSON.parse(body);
    const known = sessions.get(String(req.headers["mcp-session-id"]));
    if (known !== undefined) return known.handleRequest(req, res, message);
    if (message?.method !== "initialize") return void res.writeHead(404).end();
    const session = randomUUID();
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => session });
    sessions.set(session, transport);
    await createLegacyServer(pay).connect(transport as never);
    await transport.handleRequest(req, res, message);
  }

  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    close: () => {
      http.closeAllConnections();
      http.close();
    },
  };
}

function createLegacyServer(pay: Pay): McpServer {
  const server = new McpServer({ name: "legacy", version: "1.0.0" });
  const content = (value: string) => ({ content: [{ type: "text" as const, text: value }] });
  server.registerTool("look", { inputSchema: input }, async ({ id }) => content(id));
  server.registerTool("pay", { inputSchema: input }, async ({ id }, { sendRequest }) => {
    const requestedSchema = {
      type: "object" as const,
      properties: { sure: { type: "boolean" as const } },
    };
    const params = { message: "Pay?", requestedSchema };
    await sendRequest({ method: "elicitation/create", params }, ElicitResultSchema);
    return content(pay(id));
  });
  return server;
}

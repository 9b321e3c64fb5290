/** Sessions with the same server, once with Lutra and once with the official SDK 1.32. */
import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import * as z from "zod";
import { initializeParams } from "./legacy-requests.ts";
import { add, createLutraHandler, echo, type Handle, locate } from "./servers.ts";

/** Answers a request in a session that is open already. */
export interface Session {
  readonly handle: Handle;
  /** Returns the headers that name the session, for a request of this method. */
  readonly headersOf: (method: string) => Readonly<Record<string, string>>;
}

export function openLutraSession(): Promise<Session> {
  return openSession(createLutraHandler());
}

export function openOfficialSession(): Promise<Session> {
  return openSession(createOfficialHandler());
}

async function openSession(handle: Handle): Promise<Session> {
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  const post = (body: object, more?: object) =>
    handle(
      new Request("http://127.0.0.1/mcp", {
        method: "POST",
        headers: { ...headers, ...more },
        body: JSON.stringify({ jsonrpc: "2.0", ...body }),
      }),
    );
  const opened = await post({ id: 0, method: "initialize", params: initializeParams });
  const id = opened.headers.get("mcp-session-id");
  await opened.text();
  if (id === null) throw new Error("initialize: the server has opened no session");
  const session = { "mcp-session-id": id };
  await post({ method: "notifications/initialized" }, session);
  return { handle, headersOf: (method) => (method === "initialize" ? {} : session) };
}

/** Creates a server and a transport for each session, as the official examples do. */
function createOfficialHandler(): Handle {
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  return async (request) => {
    const id = request.headers.get("mcp-session-id");
    // A transport refuses the ids of other sessions itself.
    const [first] = sessions.values();
    const known = id === null ? undefined : (sessions.get(id) ?? first);
    if (known !== undefined) return await known.handleRequest(request);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (session) => void sessions.set(session, transport),
    });
    await createOfficialServer().connect(transport);
    return await transport.handleRequest(request);
  };
}

function createOfficialServer(): McpServer {
  const server = new McpServer(
    { name: "same", version: "1.0.0" },
    { capabilities: { logging: {} } },
  );
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
  const argsSchema = { name: z.string() };
  server.registerPrompt("greet", { argsSchema }, ({ name }) => ({
    messages: [{ role: "user", content: { type: "text", text: `Greet ${name}.` } }],
  }));
  return server;
}

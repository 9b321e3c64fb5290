/** A client against a server that speaks the transport of 2024-11-05 alone. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type ClientOptions, createClient } from "../../client/node.ts";
import { createMemoryVerdicts } from "./verdicts.ts";

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const { close } of open.splice(0).reverse()) await close();
});

/** Serves HTTP+SSE. `endpoint` is the data of the first event. */
async function serve(endpoint = "/messages?session=1") {
  let stream: ServerResponse | undefined;
  const seen: string[] = [];
  const reply = (message: object) =>
    stream?.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`);
  const results: { readonly [method: string]: object } = {
    initialize: { protocolVersion: "2024-11-05", capabilities: { tools: {} } },
    "tools/list": { tools: [{ name: "ask", inputSchema: { type: "object" } }] },
  };
  let lastCall: unknown;
  const answerMessage = ({ id, method, result }: { [member: string]: unknown }) => {
    if (method === "tools/call") {
      lastCall = id;
      reply({ id: "ask", method: "roots/list" });
    } else if (result !== undefined) {
      const content = [{ type: "text", text: JSON.stringify(result) }];
      reply({ id: lastCall, result: { content } });
    } else if (id !== undefined) reply({ id, result: results[method as string] });
  };
  const http = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { pathname } = new URL(request.url ?? "", "http://x");
    if (request.method === "GET" && pathname === "/sse") {
      seen.push("GET");
      response.writeHead(200, { "content-type": "text/event-stream" });
      stream = response;
      stream.write(`event: endpoint\ndata: ${endpoint}\n\n`);
    } else if (pathname === "/messages") {
      const message = JSON.parse(text);
      seen.push(message.method ?? "answer");
      response.writeHead(202).end();
      answerMessage(message);
    } else response.writeHead(405).end();
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  open.push({
    close: () => {
      http.closeAllConnections();
      http.close();
    },
  });
  return { url: `http://127.0.0.1:${port}/sse`, seen, endStream: () => stream?.end() };
}

function connect(url: string, options: ClientOptions = {}) {
  const client = createClient(url, { verdicts: createMemoryVerdicts(), ...options });
  open.push(client);
  return client;
}

describe("a server that speaks HTTP+SSE", () => {
  it("is found after the other transports, and answers on its stream", async () => {
    const { url, seen } = await serve();
    const client = connect(url);
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(client.serverEra).toBe("legacy");
    expect(seen).toEqual(["GET", "initialize", "notifications/initialized", "tools/list"]);
  });

  it("asks the client during a call", async () => {
    const { url } = await serve();
    const client = connect(url, { onRoots: () => [{ uri: "file:///a" }] });
    const { content } = await client.callTool("ask");
    expect(content).toMatchObject([{ text: '{"roots":[{"uri":"file:///a"}]}' }]);
  });

  it("gets a new session after its stream has ended", async () => {
    const { url, seen, endStream } = await serve();
    const client = connect(url);
    await client.listTools();
    endStream();
    await expect.poll(() => client.listTools().then(() => seen.length)).toBeGreaterThan(6);
    expect(seen.filter((method) => method === "initialize")).toHaveLength(2);
  });

  it("may not name an endpoint of another origin", async () => {
    const { url, seen } = await serve("http://127.0.0.1:1/messages");
    await expect(connect(url).listTools()).rejects.toThrow();
    expect(seen).toEqual(["GET"]);
  });
});

/**
 * The server that the conformance suite expects, built on the official SDK 2.4.0: a third-party
 * upstream. It has the name of `examples/everything`, because the suite's runner looks for it.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { NodeIncomingMessageLike } from "@modelcontextprotocol/node";
import {
  localhostHostValidation,
  localhostOriginValidation,
  toNodeHandler,
} from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer, type ServerNotifier } from "@modelcontextprotocol/server";
import type { Fixture } from "../start-fixture.ts";
import { addInputTools, stateCodec } from "./input-tools.ts";
import { addPrompts } from "./prompts.ts";
import { addResources } from "./resources.ts";
import { addTools } from "./tools.ts";

/** Serves it in this process over `node:http`, as its documentation shows. */
export async function startOfficial(): Promise<Fixture> {
  const handler = createMcpHandler(() => createOfficial(handler.notify));
  const answer = toNodeHandler(handler);
  const validateHost = localhostHostValidation();
  const validateOrigin = localhostOriginValidation();
  const http = createServer((req, res) => {
    if (!validateHost(req, res) || !validateOrigin(req, res)) return;
    // Its types do not expect `exactOptionalPropertyTypes`.
    void answer(req as NodeIncomingMessageLike, res);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/mcp`,
    close: async () => {
      await handler.close();
      const closed = new Promise((resolve) => http.close(resolve));
      http.closeAllConnections();
      await closed;
    },
  };
}

/** The SDK wants a server for each request. */
function createOfficial(notify: ServerNotifier): McpServer {
  const server = new McpServer(
    { name: "everything", version: "2.4.0" },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        prompts: { listChanged: true },
        completions: {},
        logging: {},
      },
      requestState: { verify: stateCodec.verify },
    },
  );
  addTools(server, notify);
  addInputTools(server);
  addPrompts(server);
  addResources(server);
  return server;
}

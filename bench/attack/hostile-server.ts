/** A server that answers the requests of a client with the message of a case. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { MessageCase, Operation } from "./message-cases.ts";

const operations: { readonly [method: string]: Operation } = {
  "tools/list": "list",
  "tools/call": "call",
  "subscriptions/listen": "listen",
};

const tools =
  '{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[{"name":"t","inputSchema":{"type":"object"},"outputSchema":{"type":"object","additionalProperties":{"type":"number"}}}]}';

export interface HostileServer {
  readonly url: string;
  readonly close: () => void;
}

/** Starts a server for one case. Requests other than that of the case get a valid answer. */
export async function startHostile(one: MessageCase): Promise<HostileServer> {
  const server = createServer(async (req, res) => {
    const { id, method } = (await json(req)) as { id: number; method: string };
    const isAttacked = operations[method] === one.operation;
    const isStream = isAttacked && one.isStream === true;
    res.setHeader("content-type", isStream ? "text/event-stream" : "application/json");
    if (isAttacked && one.body) res.end(one.body(id));
    else {
      const result = isAttacked ? (one.result?.() ?? "{}") : tools;
      res.end(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);
    }
  });
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: await listen(server), close };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

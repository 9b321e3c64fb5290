/** A client with one kept-alive connection, so that all its requests reach the same process. */
import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import type { Answer } from "../cli/http.ts";

export interface KeptConnection {
  readonly ask: (
    method: string,
    params?: Record<string, unknown>,
    more?: { readonly [header: string]: string },
  ) => Promise<Answer["body"]>;
  readonly post: (
    headers: { readonly [name: string]: string },
    message: object,
  ) => Promise<IncomingMessage>;
  readonly close: () => void;
}

const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {
    elicitation: { form: {} },
    extensions: { "io.modelcontextprotocol/tasks": {} },
  },
};

/** Creates the client. Its connection opens with its first request. */
export function keptConnection(url: string): KeptConnection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  function post(headers: { readonly [name: string]: string }, message: object) {
    return new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(url, {
        method: "POST",
        agent,
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...headers,
        },
      });
      sent.on("response", resolve);
      sent.on("error", reject);
      sent.end(JSON.stringify({ jsonrpc: "2.0", ...message }));
    });
  }

  return {
    post,
    close: () => agent.destroy(),
    ask: async (method, params = {}, more = {}) => {
      const name = params.name ?? params.uri ?? params.taskId;
      const headers = {
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        ...(typeof name === "string" && { "mcp-name": name }),
        ...more,
      };
      const response = await post(headers, { id: 1, method, params: { ...params, _meta: meta } });
      const body = await text(response);
      return JSON.parse([...body.matchAll(/^data: (.*)$/gm)].at(-1)?.[1] ?? body);
    },
  };
}

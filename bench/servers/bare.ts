/**
 * The work that every server must do: parse the message, compare it with the headers, compute the
 * sum, write the response. Lutra's responses have the same bytes.
 */
import { z } from "zod";
import { addition, otherTools } from "../../examples/bench/specifications.ts";

interface Message {
  readonly id: number;
  readonly method: string;
  readonly params: {
    readonly name?: string;
    readonly arguments: { readonly a: number; readonly b: number };
    readonly _meta: { readonly [key: string]: unknown };
  };
}

const version = "2026-07-28";
const versionKey = "io.modelcontextprotocol/protocolVersion";
const _meta = { "io.modelcontextprotocol/serverInfo": { name: "bench", version: "1.0.0" } };

const tools = [addition, ...otherTools(20)].map(({ inputSchema, ...shown }) => ({
  ...shown,
  inputSchema: z.toJSONSchema(inputSchema, { io: "input" }),
}));
const freshness = { ttlMs: 300_000, cacheScope: "public" };
const list = { resultType: "complete", tools, ...freshness, _meta };
const discovery = {
  resultType: "complete",
  supportedVersions: [version],
  capabilities: { tools: { listChanged: true } },
  ...freshness,
  _meta,
};

/** Answers one request. Throws for any request that the bench does not send. */
export function answer(body: string, header: (name: string) => unknown): string {
  const { id, method, params } = JSON.parse(body) as Message;
  if (header("mcp-protocol-version") !== version || params._meta[versionKey] !== version) {
    throw new Error("version");
  }
  if (header("mcp-method") !== method) throw new Error("method");
  if (header("mcp-name") !== params.name) throw new Error("name");
  return JSON.stringify({ jsonrpc: "2.0", id, result: resultOf(method, params) });
}

function resultOf(method: string, params: Message["params"]): object {
  if (method === "tools/list") return list;
  if (method === "server/discover") return discovery;
  const { a, b } = params.arguments;
  const content = [{ type: "text", text: String(a + b) }];
  return { resultType: "complete", content, _meta };
}

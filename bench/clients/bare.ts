/** The baseline: `undici.request`, with a message and headers created for each call. */
import { Pool, request } from "undici";
import { report } from "./report.ts";

const url = process.argv[2] as string;
const dispatcher = new Pool(new URL(url).origin, { connections: 16 });
const version = "2026-07-28";
const _meta = {
  "io.modelcontextprotocol/protocolVersion": version,
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

interface Answer {
  readonly id: number;
  readonly result: { readonly content: readonly [{ readonly text: string }] };
}

let lastId = 0;

report(async (a, b) => {
  lastId += 1;
  const id = lastId;
  const params = { name: "add", arguments: { a, b }, _meta };
  const { statusCode, body } = await request(url, {
    dispatcher,
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": version,
      "mcp-method": "tools/call",
      "mcp-name": "add",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params }),
  });
  const answer = (await body.json()) as Answer;
  if (statusCode !== 200 || answer.id !== id) throw new Error(`wrong answer: ${statusCode}`);
  return answer.result.content[0].text;
});

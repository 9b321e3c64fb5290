import assert from "node:assert/strict";
import { createServer } from "../../../packages/lutra/src/server/create-server.ts";
import { defineTool } from "../../../packages/lutra/src/server/tools.ts";
import { createFetchHandler } from "../../../packages/lutra/src/transport/http/fetch-handler.ts";
import { problemsWith } from "../published-types.ts";
import type { Target } from "../target.ts";

const failures: unknown[] = [];
const server = createServer({
  name: "fuzzed",
  version: "1",
  keys: [{ id: "k", secret: new Uint8Array(32).fill(1) }],
  tools: [
    defineTool({
      name: "echo",
      inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
      call: ({ text }) => String(text),
    }),
    defineTool({
      name: "ask",
      call: async (_args, context) => {
        const answer = await context.elicit("name", {
          message: "Name?",
          requestedSchema: { type: "object", properties: { name: { type: "string" } } },
        });
        return answer.action;
      },
    }),
  ],
  onError: (error) => failures.push(error),
});
const handle = createFetchHandler(server, { onError: (error) => failures.push(error) });
const expectedStatuses = new Set([200, 202, 400, 404, 413]);

export const httpBody: Target = {
  kind: "bytes",
  name: "http-body",
  title: "bodies over HTTP: one valid response, no internal error, no other status",
  dictionary: [
    '"jsonrpc":"2.0"',
    '"id":',
    '"method":',
    '"params":',
    "tools/call",
    "tools/list",
    "server/discover",
  ],
  check: async (input) => {
    failures.length = 0;
    const response = await handle(requestOf(input));
    assert.ok(expectedStatuses.has(response.status), `status ${response.status}`);
    const text = await bodyOf(response);
    assert.deepEqual(failures, []);
    if (text === undefined || response.status === 202) return;
    const problem = problemsWith("2026-07-28", "JSONRPCMessage", JSON.parse(text));
    assert.equal(problem, undefined, text);
    assert.doesNotMatch(text, /"code":-32603/);
  },
};

function requestOf(input: Uint8Array): Request {
  const { method, name } = mirrored(input);
  const headers = new Headers({
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
  });
  if (/^[\x21-\x7e]+$/.test(method)) headers.set("mcp-method", method);
  if (/^[\x21-\x7e]+$/.test(name)) headers.set("mcp-name", name);
  const url = "http://127.0.0.1/mcp";
  return new Request(url, { method: "POST", headers, body: input as Uint8Array<ArrayBuffer> });
}

/** Returns the method and the name in a body, because requests without them reach little code. */
function mirrored(input: Uint8Array): { readonly method: string; readonly name: string } {
  const text = new TextDecoder().decode(input);
  const [, method = ""] = /"method"\s*:\s*"([^"\\]*)"/.exec(text) ?? [];
  const [, name = ""] = /"name"\s*:\s*"(echo|ask)"/.exec(text) ?? [];
  return { method, name };
}

/** Returns the body, and undefined for a stream of events, which stays open. */
async function bodyOf(response: Response): Promise<string | undefined> {
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    await response.body?.cancel();
    return undefined;
  }
  return response.text();
}

/** The process of a client of hostile servers. */
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { createClient } from "lutra/client";
import { createStdioTransport } from "lutra/node";
import { answerQuestions } from "./questions.ts";

const icons = [{ src: "javascript:alert(1)" }];
const tool = { name: "t", icons, inputSchema: { type: "object" } };
const listed = { resultType: "complete", ttlMs: 0, cacheScope: "private", tools: [tool] };

const subscriptionId = "io.modelcontextprotocol/subscriptionId";

/** A server with a hostile icon, whose subscriptions carry unrequested notifications. */
const http = createServer(async (req, res) => {
  const { id, method } = (await json(req)) as { id: number; method: string };
  if (method !== "subscriptions/listen") {
    res.setHeader("content-type", "application/json");
    return res.end(JSON.stringify({ jsonrpc: "2.0", id, result: listed }));
  }
  const notificationOf = (name: string, params: object) =>
    `data: ${JSON.stringify({
      jsonrpc: "2.0",
      method: `notifications/${name}`,
      params: { ...params, _meta: { [subscriptionId]: id } },
    })}\n\n`;
  const filter = { toolsListChanged: true };
  res.setHeader("content-type", "text/event-stream");
  res.write(notificationOf("subscriptions/acknowledged", { notifications: filter }));
  const part = notificationOf("prompts/list_changed", {}).repeat(1000);
  for (let sent = 0; sent < 100; sent += 1) {
    if (!res.write(part)) await new Promise((resolve) => res.once("drain", resolve));
  }
  return res.end();
});
await new Promise<void>((resolve) => {
  http.listen(0, "127.0.0.1", resolve);
});
const { port } = http.address() as { readonly port: number };
const url = `http://127.0.0.1:${port}/mcp`;

const attacks: { readonly [name: string]: () => Promise<string> } = {
  icons: async () => {
    const { tools } = await createClient(url).listTools();
    return `${tools.flatMap((one) => one.icons ?? []).length} icons`;
  },
  notifications: async () => {
    let warnings = 0;
    const onWarning = () => {
      warnings += 1;
    };
    const client = createClient(url, { onWarning });
    const filter = { toolsListChanged: true };
    const subscription = await client.listen(filter, { relisten: "never" });
    const read = async () => {
      for await (const _one of subscription) break;
    };
    // The stream ends without a result.
    await read().catch(() => {});
    return `${warnings} warnings`;
  },
  lines: async () => {
    const program = `process.stdout.write("prose\\n".repeat(200_000)); process.stdin.resume();`;
    const command = { command: process.execPath, args: ["--eval", program] };
    const client = createClient(createStdioTransport(command, { stderr: "ignore" }), {
      timeoutMs: 500,
    });
    const begin = performance.now();
    const outcome = await client.listTools().then(
      () => "accepted",
      (error: { readonly reason?: string }) => error.reason,
    );
    const ms = performance.now() - begin;
    await client.close();
    return `${outcome} after ${ms.toFixed(0)} ms`;
  },
};

answerQuestions();
process.on("message", async (name: string) => {
  const attack = attacks[name];
  if (attack) process.send?.(await attack());
});
process.send?.("ready");

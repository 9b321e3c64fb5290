/** The server of this repository. `--stdio`, or an HTTP endpoint whose URL is printed. */
import { setTimeout as delay } from "node:timers/promises";
import { serveHttp, serveStdio } from "lutra/node";
import { createServer, defineResource, defineTool } from "lutra/server";
import { tasks } from "lutra/tasks";
import * as z from "zod";

let cancelled = 0;

const server = createServer({
  name: "matrix",
  version: "1",
  // Over stdio, each of two gateways has a process of its own, and either receives a retry.
  keys: [{ id: "matrix", secret: Buffer.alloc(32, 9).toString("base64") }],
  extensions: [tasks()],
  resources: [defineResource({ uri: "memo://a", name: "a", read: () => "text of a" })],
  tools: [
    defineTool({
      name: "echo",
      inputSchema: z.object({ text: z.string() }),
      call: ({ text }) => text,
    }),
    defineTool({
      name: "ask",
      call: async (_args, context) => {
        const answer = await context.elicit("name", {
          message: "Name?",
          requestedSchema: z.object({ name: z.string() }),
        });
        return answer.action === "accept" ? `Hello, ${answer.content.name}` : answer.action;
      },
    }),
    defineTool({
      name: "sample",
      call: async (_args, context) => {
        const { content } = await context.sample("haiku", {
          messages: [{ role: "user", content: { type: "text", text: "A haiku" } }],
          maxTokens: 10,
        });
        return JSON.stringify(content);
      },
    }),
    defineTool({
      name: "locate",
      call: async (_args, context) => (await context.roots("where")).map(({ uri }) => uri).join(),
    }),
    defineTool({
      name: "walk",
      inputSchema: z.object({ steps: z.number() }),
      call: async ({ steps }, context) => {
        // The official clients drop progress that they read in one chunk with the result.
        for (let progress = 1; progress <= steps; progress += 1) {
          await context.progress({ progress, total: steps });
          await delay(10); // time: apart from the result
        }
        return "there";
      },
    }),
    defineTool({
      name: "wait",
      call: async (_args, context) => {
        await context.progress({ progress: 1 });
        await new Promise((resolve) => {
          context.signal.addEventListener("abort", resolve, { once: true });
        });
        cancelled += 1;
        return "cancelled";
      },
    }),
    defineTool({ name: "cancelled", call: () => `${cancelled}` }),
    defineTool({
      name: "touch",
      call: async () => {
        await server.resourceUpdated("memo://a");
        return "touched";
      },
    }),
    defineTool({ name: "later", task: "required", call: () => "done later" }),
  ],
});

if (process.argv.includes("--stdio")) await serveStdio(server);
else console.log((await serveHttp(server, { port: 0 })).url);

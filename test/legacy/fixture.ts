/** A server that uses what clients of all revisions can use. */
import * as z from "zod";
import type { Server } from "../../packages/lutra/src/server/compile-server.ts";
import { createServer } from "../../packages/lutra/src/server/create-server.ts";
import { definePrompt } from "../../packages/lutra/src/server/prompts.ts";
import {
  defineResource,
  defineResourceTemplate,
} from "../../packages/lutra/src/server/resources.ts";
import { defineTool } from "../../packages/lutra/src/server/tools.ts";
import { watched } from "./message.ts";

export interface Served {
  readonly server: Server;
  /** The ends of calls of `wait`: their reasons. */
  readonly aborted: ReturnType<typeof watched<unknown>>;
  readonly errors: unknown[];
}

/** Creates the server. */
export function createServed(): Served {
  const aborted = watched<unknown>();
  const errors: unknown[] = [];
  const server: Server = createServer({
    name: "legacy",
    version: "1",
    instructions: "Use it",
    logging: true,
    onError: (error) => errors.push(error),
    tools: [
      defineTool({
        name: "echo",
        inputSchema: z.object({ text: z.string() }),
        outputSchema: z.object({ text: z.string() }),
        call: ({ text }) => ({ text }),
      }),
      defineTool({
        name: "ask",
        call: async (_args, context) => {
          await context.progress({ progress: 1, total: 3 });
          await context.log("info", "asking");
          const answer = await context.elicit("who", {
            message: "Who?",
            requestedSchema: z.object({ name: z.string() }),
          });
          await context.progress({ progress: 2, total: 3 });
          await context.log("info", "asked");
          const roots = await context.roots("where");
          await context.progress({ progress: 3, total: 3 });
          const name = answer.action === "accept" ? answer.content.name : answer.action;
          return `${name} in ${roots.map(({ uri }) => uri).join()}`;
        },
      }),
      defineTool({
        name: "complete",
        call: async (_args, context) => {
          const { content } = await context.sample("text", {
            messages: [
              {
                role: "user",
                content: [
                  { type: "text", text: "one" },
                  { type: "text", text: "two" },
                ],
              },
            ],
            maxTokens: 10,
          });
          return JSON.stringify(content);
        },
      }),
      defineTool({
        name: "visit",
        call: async (_args, context) => {
          const url = "https://example.com/visit";
          const { action } = await context.elicit("page", { mode: "url", message: "Visit", url });
          return action;
        },
      }),
      defineTool({
        name: "wait",
        call: async (_args, context) => {
          await context.log("warning", "waiting");
          await new Promise((resolve) =>
            context.signal.addEventListener("abort", resolve, { once: true }),
          );
          aborted.add(context.signal.reason);
          return "aborted";
        },
      }),
      defineTool({
        name: "quiet",
        call: async (_args, context) => {
          await new Promise((resolve) =>
            context.signal.addEventListener("abort", resolve, { once: true }),
          );
          aborted.add(context.signal.reason);
          return "aborted";
        },
      }),
      defineTool({
        name: "levels",
        call: async (_args, context) => {
          await context.log("debug", "d");
          await context.log("info", "i");
          await context.log("error", "e");
          return "logged";
        },
      }),
      defineTool({
        name: "fail",
        call: () => {
          throw new Error("the secret");
        },
      }),
      defineTool({
        name: "change",
        call: async () => {
          await server.resourceUpdated("file:///a");
          server.tools.add(defineTool({ name: `new-${Math.random()}`, call: () => "new" }));
          return "changed";
        },
      }),
    ],
    resources: [defineResource({ uri: "file:///a", name: "a", read: () => "text of a" })],
    resourceTemplates: [
      defineResourceTemplate({
        uriTemplate: "note://{name}",
        name: "note",
        complete: { name: () => ["one", "two"] },
        read: ({ name }) => `note ${name}`,
      }),
    ],
    prompts: [definePrompt({ name: "greet", get: () => "Hello" })],
  });
  return { server, aborted, errors };
}

/** The process of a server that offers everything that a request can address. */
import { serveHttp } from "lutra/node";
import {
  createServer,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
} from "lutra/server";
import { answerQuestions } from "./questions.ts";

const asked = { type: "object", properties: { sure: { type: "boolean" } } } as const;

const server = createServer({
  name: "attacked",
  version: "1.0.0",
  tools: [
    defineTool({
      name: "take",
      inputSchema: { type: "object", properties: { v: { type: "string" } } },
      call: () => "taken",
    }),
    defineTool({
      name: "ask",
      inputSchema: { type: "object" },
      call: async (_arguments, context) => {
        await context.elicit("sure", { message: "Sure?", requestedSchema: asked });
        return "answered";
      },
    }),
    defineTool({
      name: "stream",
      call: async (_arguments, context) => {
        await context.progress(1);
        return "streamed";
      },
    }),
    defineTool({
      name: "wait",
      call: async (_arguments, context) => {
        const { signal } = context;
        await context.progress(1);
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        return "aborted";
      },
    }),
  ],
  resources: [defineResource({ uri: "page://about", name: "about", read: () => "text" })],
  resourceTemplates: ["a", "b", "c", "d"].map((name) =>
    defineResourceTemplate({
      uriTemplate: `page://{part}/${name}/{rest}`,
      name,
      complete: { part: () => ["one", "two"] },
      read: () => "text",
    }),
  ),
  prompts: [definePrompt({ name: "review", arguments: { tone: {} }, get: () => "Review it" })],
});

const endpoint = await serveHttp(server, { port: 0, onError: () => {} });
answerQuestions();
process.send?.(endpoint.url);

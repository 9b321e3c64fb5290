/** A server with one app, whose page uses the official `App` class. */
import { ProtocolError } from "lutra/protocol";
import { createServer, defineResource, defineTool, type Server, ToolError } from "lutra/server";
import { tasks } from "lutra/tasks";
import { z } from "zod";
import { bundle } from "./stage.ts";

const uri = "ui://official/view";

/** Creates the server. Its tools have one visibility or the other. */
export async function createOfficialServer(): Promise<Server> {
  const script = await bundle(new URL("pages/official.ts", import.meta.url).pathname);
  const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>View</title>
<style>body { margin: 8px; font: 14px system-ui } ol { margin: 0; padding-left: 24px }</style></head>
<body><ol></ol><script type="module">${script}</script></body></html>`;
  const view = defineResource({
    uri,
    name: "view",
    mimeType: "text/html;profile=mcp-app",
    read: () => ({ uri, mimeType: "text/html;profile=mcp-app", text: page }),
  });
  const note = defineResource({ uri: "note://one", name: "note", read: () => "one note" });
  return createServer({
    name: "official",
    version: "1.0.0",
    tools: [show, fails, refuses, add, count, ask, work, modelOnly],
    resources: [view, note],
    extensions: [tasks()],
  });
}

const shown = { _meta: { ui: { resourceUri: uri } } };
const forApp = { _meta: { ui: { visibility: ["app"] } } };

const show = defineTool({
  name: "show",
  title: "Show the view",
  ...shown,
  inputSchema: z.object({ place: z.string() }),
  outputSchema: z.object({ place: z.string(), visits: z.number() }),
  call: ({ place }) => ({ place, visits: 7 }),
});

const fails = defineTool({
  name: "fails",
  ...shown,
  call: () => {
    throw new ToolError("the place is closed");
  },
});

const refuses = defineTool({
  name: "refuses",
  ...shown,
  call: () => {
    throw new ProtocolError("invalidParams", "not today");
  },
});

const add = defineTool({
  name: "add",
  ...forApp,
  inputSchema: z.object({ a: z.number(), b: z.number() }),
  outputSchema: z.object({ sum: z.number() }),
  call: ({ a, b }) => ({ sum: a + b }),
});

const count = defineTool({
  name: "count",
  call: async (_, context) => {
    for (let progress = 1; progress <= 3; progress += 1)
      await context.progress({ progress, total: 3 });
    return "counted";
  },
});

const ask = defineTool({
  name: "ask",
  call: async (_, context) => {
    const answer = await context.elicit("sure", {
      message: "Sure?",
      requestedSchema: z.object({ answer: z.string() }),
    });
    return answer.action === "accept" ? `answered ${answer.content.answer}` : "not answered";
  },
});

const work = defineTool({
  name: "work",
  task: "required",
  taskOptions: { pollIntervalMs: 50 },
  call: (_, context) => context.step("work", () => "worked as a task"),
});

const modelOnly = defineTool({
  name: "model_only",
  _meta: { ui: { visibility: ["model"] } },
  call: () => "for the model",
});

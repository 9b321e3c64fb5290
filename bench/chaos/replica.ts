/**
 * A replica that records each call with a side effect in a file before it acts, so that effects can
 * be counted after the process was killed. Arguments: the port, the file.
 */
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { serveHttp } from "lutra/node";
import { createServer, defineResource, defineTool } from "lutra/server";
import { z } from "zod";

const [port, file] = process.argv.slice(2) as [string, string];

/** Long enough that a kill interrupts calls. */
const workMs = 5;

const look = defineTool({
  name: "look",
  annotations: { readOnlyHint: true },
  inputSchema: z.object({ id: z.string() }),
  call: async ({ id }) => {
    await delay(workMs);
    return id;
  },
});

const pay = defineTool({
  name: "pay",
  inputSchema: z.object({ id: z.string() }),
  call: async ({ id }) => {
    appendFileSync(file, `${id}\n`);
    await delay(workMs);
    return id;
  },
});

const readme = defineResource({
  name: "readme",
  uri: "chaos://readme",
  read: () => "text",
});

const server = createServer({
  name: "chaos",
  version: "1.0.0",
  tools: [look, pay],
  resources: [readme],
});

await serveHttp(server, { port: Number(port) });
process.send?.("ready");
process.once("disconnect", () => process.exit());

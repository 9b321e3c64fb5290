/**
 * One replica of a server that writes down each call with a side effect before it acts, so that
 * what was done can be counted though the process is killed. Arguments: the port, the file.
 */
import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { serveHttp } from "lutra/node";
import { createServer, defineResource, defineTool } from "lutra/server";
import { z } from "zod";

const [port, file] = process.argv.slice(2) as [string, string];

/** Long enough that a kill finds calls under way. */
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

/** The process of a server that has one tool, whose schema is that of an argument case. */
import { serveHttp } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import * as z from "zod";
import { argumentCases } from "./schema-cases.ts";
import { watchProcess } from "./watch-process.ts";

const { schema } = argumentCases[Number(process.argv[2])] ?? { schema: {} };
const inputSchema =
  schema instanceof z.ZodType
    ? z.object({ v: schema })
    : { type: "object", properties: { v: schema as { readonly [key: string]: unknown } } };

const server = createServer({
  name: "attacked",
  version: "1.0.0",
  tools: [defineTool({ name: "take", inputSchema, call: () => "taken" })],
});
const endpoint = await serveHttp(server, { port: 0 });
const watched = watchProcess();
process.on("message", () => process.send?.(watched()));
process.send?.(endpoint.url);

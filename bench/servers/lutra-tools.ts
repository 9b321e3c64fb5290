/**
 * Lutra's native handler. Arguments: the number of tools; `json` for the same schemas as plain JSON
 * Schema.
 */
import { serveHttp } from "lutra/node";
import { createServer, defineTool, type Schema, type ToolDefinition } from "lutra/server";
import { z } from "zod";
import {
  addition,
  answerOf,
  otherTools,
  type ToolSpecification,
} from "../../examples/bench/specifications.ts";
import { report } from "./report.ts";

const [count = "21", kind = "zod"] = process.argv.slice(2);

function schemaOf({ inputSchema }: ToolSpecification): Schema {
  if (kind === "zod") return inputSchema;
  return z.toJSONSchema(inputSchema, { io: "input" }) as Schema;
}

function define(
  specification: ToolSpecification,
  call: (args: { readonly [name: string]: unknown }) => string,
): ToolDefinition {
  return defineTool({
    ...specification,
    inputSchema: schemaOf(specification),
    call: call as never,
  });
}

const add = define(addition, ({ a, b }) => String((a as number) + (b as number)));
const others = otherTools(Number(count) - 1).map((specification) =>
  define(specification, (args) => answerOf(specification.name, args)),
);
const server = createServer({ name: "bench", version: "1.0.0", tools: [add, ...others] });
const { port } = await serveHttp(server, { port: 0 });
report(port);

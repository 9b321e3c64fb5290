/**
 * A server that offers one of everything. The official conformance suite calls it by these names.
 *
 *     npx lutra up examples/everything/server.ts --replicas 3
 */
import { createServer } from "lutra/server";
import { inputTools } from "./inputs.ts";
import { prompts } from "./prompts.ts";
import { resources, resourceTemplates } from "./resources.ts";
import { changingTools, tools } from "./tools.ts";

const server = createServer({
  name: "everything",
  version: "1.0.0",
  title: "One of everything",
  instructions: "A fixture for conformance tests. Nothing here has an effect on the world.",
  tools: [...tools, ...inputTools],
  prompts,
  resources,
  resourceTemplates,
  logging: true,
});

server.tools.add(...changingTools(server));

export default server;

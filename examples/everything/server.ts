/**
 * A server that uses every feature. The official conformance suite requires these names.
 *
 *     npx lutra up examples/everything/server.ts --replicas 3
 */
import { createServer } from "lutra/server";
import { skills } from "lutra/skills";
import { tasks } from "lutra/tasks";
import { inputTools } from "./inputs.ts";
import { prompts } from "./prompts.ts";
import { resources, resourceTemplates } from "./resources.ts";
import { sessionTools } from "./sessions.ts";
import { taskTools } from "./tasks.ts";
import { changingTools, tools } from "./tools.ts";

const server = createServer({
  name: "everything",
  version: "1.0.0",
  title: "One of everything",
  instructions: "A fixture for conformance tests. Nothing here has an effect on the world.",
  tools: [...tools, ...inputTools, ...taskTools, ...sessionTools],
  prompts,
  resources,
  resourceTemplates,
  extensions: [
    tasks({ pollIntervalMs: 200 }),
    skills({ from: new URL("./skills", import.meta.url) }),
  ],
  logging: true,
});

server.tools.add(...changingTools(server));

export default server;

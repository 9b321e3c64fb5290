import { createServer } from "lutra/server";
import { tasks } from "lutra/tasks";
import { add } from "./add.ts";
import { report } from "./report.ts";

export default createServer({
  name: "my-mcp-server",
  version: "0.1.0",
  tools: [add, report],
  extensions: [tasks()],
});

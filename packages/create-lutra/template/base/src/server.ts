import { createServer } from "lutra/server";
import { add } from "./add.ts";

export default createServer({ name: "my-mcp-server", version: "0.1.0", tools: [add] });

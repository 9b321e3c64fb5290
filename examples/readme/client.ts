import { createClient } from "lutra/client";
import type server from "./server.ts";

const client = createClient<typeof server>("http://127.0.0.1:3000/mcp");
const { structuredContent } = await client.callTool("add", { a: 1, b: 2 });
console.log(structuredContent?.sum);
await client.close();

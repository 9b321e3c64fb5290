/** A server with TypeScript that no version of Node runs by itself: an enum in another file. */
import { createServer, defineTool } from "lutra/server";
import { Sum } from "./sum.js";

const number = { type: "number" } as const;

export default createServer({
  name: "calculator",
  version: "1.0.0",
  tools: [
    defineTool({
      name: "add",
      inputSchema: { type: "object", properties: { a: number, b: number }, required: ["a", "b"] },
      call: ({ a, b }) => String(new Sum(a as number, b as number).total()),
    }),
  ],
});

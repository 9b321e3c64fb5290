import { defineTool } from "lutra/server";
import { z } from "zod";

export const add = defineTool({
  name: "add",
  description: "Adds two numbers",
  inputSchema: z.object({ a: z.number(), b: z.number() }),
  outputSchema: z.object({ sum: z.number() }),
  call: ({ a, b }) => ({ sum: a + b }),
});

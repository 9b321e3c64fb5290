/** A server with tools that succeed, fail, return an image, and have names that models may not use. */
import { createServer, defineTool, ToolError, toolResult } from "lutra/server";
import { z } from "zod";

/** A GIF of one pixel, in Base64. */
export const pixel = "R0lGODlhAQABAAAAACwAAAAAAQABAAA=";

const tools = [
  defineTool({
    name: "shop.price",
    title: "Price",
    description: "Returns the price of an article",
    annotations: { readOnlyHint: true },
    inputSchema: z.object({
      article: z.string(),
      options: z.record(z.string(), z.string()).optional(),
    }),
    outputSchema: z.object({ article: z.string(), euros: z.number() }),
    call: async ({ article }, context) => {
      await context.progress({ progress: 1, total: 1 });
      return { article, euros: 5 };
    },
  }),
  defineTool({
    name: "order",
    description: "Orders an article",
    inputSchema: z.object({ article: z.string() }),
    call: ({ article }) => {
      throw new ToolError(`${article}: sold out`);
    },
  }),
  defineTool({
    name: "picture",
    description: "Shows an article",
    call: () => toolResult({ content: [{ type: "image", data: pixel, mimeType: "image/gif" }] }),
  }),
  defineTool({
    name: "confirm",
    description: "Needs a client that can ask the user",
    call: async (_args, context) => {
      const requestedSchema = z.object({ sure: z.boolean() });
      return (await context.elicit("sure", { message: "Sure?", requestedSchema })).action;
    },
  }),
];

export const shop = createServer({ name: "shop", version: "1.0.0", tools });

/** Shopping lists: a server whose state is in the store that all replicas share. */
import { createServer, defineTool, handles } from "lutra/server";
import { z } from "zod";

const lists = handles<readonly string[]>("list", { ttlMs: 86_400_000 });
const list_id = z.string().describe("The list_id that start_list has returned");

const startList = defineTool({
  name: "start_list",
  description: "Starts an empty shopping list",
  outputSchema: z.object({ list_id: z.string() }),
  call: async (_args, context) => ({ list_id: await lists.mint(context, []) }),
});

const addItem = defineTool({
  name: "add_item",
  description: "Adds an item to a shopping list",
  inputSchema: z.object({ list_id, item: z.string() }),
  outputSchema: z.object({ items: z.array(z.string()) }),
  call: async (args, context) => {
    const items = await lists.update(context, args.list_id, (before) => [...before, args.item]);
    return { items: [...items] };
  },
});

const clearList = defineTool({
  name: "clear_list",
  description: "Removes all items after a confirmation",
  inputSchema: z.object({ list_id }),
  call: async (args, context) => {
    const answer = await context.elicit("confirm", {
      message: "Remove all items?",
      requestedSchema: z.object({ sure: z.boolean() }),
    });
    if (answer.action !== "accept" || !answer.content.sure) return "Nothing was removed";
    await lists.update(context, args.list_id, () => []);
    return "The list is empty";
  },
});

export default createServer({
  name: "shopping",
  version: "1.0.0",
  tools: [startList, addItem, clearList],
});

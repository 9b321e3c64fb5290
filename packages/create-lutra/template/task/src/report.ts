import { setTimeout as delay } from "node:timers/promises";
import { defineTool } from "lutra/server";
import { z } from "zod";

/** A tool whose calls become tasks. Another process can continue after the last stored step. */
export const report = defineTool({
  name: "report",
  description: "Writes a report in several steps",
  task: "optional",
  inputSchema: z.object({ pages: z.number().int().min(1).max(20) }),
  outputSchema: z.object({ pages: z.array(z.string()) }),
  call: async ({ pages }, context) => {
    const written: string[] = [];
    for (let page = 1; page <= pages; page += 1) {
      written.push(await context.step(`page ${page}`, () => write(page, context.signal)));
      await context.status(`${page} of ${pages} pages written`);
    }
    return { pages: written };
  },
});

async function write(page: number, signal: AbortSignal): Promise<string> {
  await delay(100, undefined, { signal });
  return `Page ${page}`;
}

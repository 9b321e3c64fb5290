/** Types that `lutra/tasks` adds to others. Checked by the compiler, not run. */
import { z } from "zod";
import { createClient } from "../../client/index.ts";
import { createServer, defineTool } from "../../server/index.ts";
import { type CreateTaskResult, followTasks, tasks } from "./index.ts";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const report = defineTool({
  name: "report",
  task: "optional",
  taskOptions: { promoteAfterMs: 100, ttlMs: null },
  inputSchema: z.object({ year: z.number() }),
  outputSchema: z.object({ rows: z.number() }),
  call: async ({ year }, context) => {
    await context.status("working");
    await context.step("s", ({ idempotencyKey }) => idempotencyKey.length);
    return { rows: year };
  },
});
// @ts-expect-error a tool is a task never, sometimes or always
defineTool({ name: "x", task: true, call: () => "" });
// @ts-expect-error no such option
defineTool({ name: "x", taskOptions: { ttl: 1 }, call: () => "" });

const server = createServer({ name: "x", version: "1", tools: [report], extensions: [tasks()] });
const client = createClient<typeof server>("http://localhost", { extensions: [followTasks()] });

const started = await client.tasks.start("report", { year: 1 });
const _task: Equal<typeof started.task, CreateTaskResult | undefined> = true;
const result = await started.result();
if (!result.isError) void (result.structuredContent.rows satisfies number);
// @ts-expect-error the arguments are those of the tool
void client.tasks.start("report", { year: "1" });
// @ts-expect-error no such tool
void client.tasks.start("other");

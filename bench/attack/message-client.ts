/** The process of a client that sends one request to the hostile server of each case. */
import { createClient } from "lutra/client";
import type { Operation } from "./message-cases.ts";
import { watchProcess } from "./watch-process.ts";

export interface ClientTask {
  readonly url: string;
  readonly operation: Operation;
}

process.on("message", async ({ url, operation }: ClientTask) => {
  const client = createClient(url, {
    timeoutMs: 3000,
    maxTimeoutMs: 5000,
    onWarning: () => {},
    onSample: () => ({ role: "assistant", model: "m", content: { type: "text", text: "a" } }),
  });
  const watched = watchProcess();
  const outcome = await operations[operation](client).then(
    () => "accepted",
    (error: Error) => error.message,
  );
  const report = watched();
  await client.close();
  process.send?.({ outcome: outcome.slice(0, 200), ...report });
});
process.send?.("ready");

const operations: {
  [Name in Operation]: (client: ReturnType<typeof createClient>) => Promise<unknown>;
} = {
  list: (client) => client.listTools(),
  call: (client) => client.callTool("t", {}),
  listen: async (client) => {
    const subscription = await client.listen({ toolsListChanged: true }, { timeoutMs: 3000 });
    // The hostile stream ends, so a subscription that was not failed before ends here.
    for await (const _notification of subscription) break;
    await subscription.close();
  },
};

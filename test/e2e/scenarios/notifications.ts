/** Scenarios for notifications before a result, and for cancellation. */
import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type Scenario, textOf } from "../scenario.ts";

export const notifications: readonly Scenario[] = [
  {
    name: "progress arrives before the result, and only increases",
    run: async (client) => {
      const seen: unknown[] = [];
      const onProgress = (progress: unknown) => void seen.push(progress);
      const result = await client.callTool("count", { to: 5 }, { onProgress });
      expect(textOf(result)).toBe("counted to 5");
      expect(seen).toEqual(
        [1, 2, 3, 4, 5].map((n) => ({ progress: n, total: 5, message: `at ${n}` })),
      );
    },
  },
  {
    name: "concurrent calls receive only their own progress",
    run: async (client) => {
      const seen = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const totals: unknown[] = [];
          const onProgress = ({ total }: { total?: number }) => void totals.push(total);
          await client.callTool("count", { to: index + 1 }, { onProgress });
          return totals;
        }),
      );
      seen.forEach((totals, index) => {
        expect(totals).toEqual(Array.from({ length: index + 1 }, () => index + 1));
      });
    },
  },
  {
    name: "thousands of notifications arrive in order",
    run: async (client) => {
      let last = 0;
      const onProgress = ({ progress }: { readonly progress: number }) => {
        expect(progress).toBe(last + 1);
        last = progress;
      };
      expect(textOf(await client.callTool("count", { to: 5000 }, { onProgress }))).toBe(
        "counted to 5000",
      );
      expect(last).toBe(5000);
    },
  },
  {
    name: "progress arrives while the call is still running",
    // Each step needs another request, which may reach another replica of a fleet.
    only: ["memory", "stdio", "http", "fetch"],
    run: async (client) => {
      const token = randomUUID();
      const steps: number[] = [];
      const onProgress = ({ progress }: { readonly progress: number }) => {
        steps.push(progress);
        void client.callTool("go", { token });
      };
      const result = await client.callTool("walk", { token, steps: 3 }, { onProgress });
      expect(textOf(result)).toBe("there");
      expect(steps).toEqual([1, 2, 3]);
    },
  },
  {
    name: "log messages have at least the requested level",
    run: async (_client, { connect }) => {
      const client = await connect({ logLevel: "warning" });
      const levels: string[] = [];
      await client.callTool("speak", {}, { onLog: ({ level }) => void levels.push(level) });
      expect(levels).toEqual(["warning", "error", "critical", "alert", "emergency"]);
    },
  },
  {
    name: "progress and log messages keep their order",
    run: async (client) => {
      const seen: string[] = [];
      await client.callTool(
        "count",
        { to: 3 },
        {
          onProgress: ({ progress }) => void seen.push(`progress ${progress}`),
          onLog: ({ data, logger }) => void seen.push(`${logger} ${JSON.stringify(data)}`),
        },
      );
      expect(seen).toEqual(
        [1, 2, 3].flatMap((n) => [`progress ${n}`, `counter ${JSON.stringify({ at: n })}`]),
      );
    },
  },
  {
    name: "a cancelled call rejects at once, and its handler is notified",
    run: async (client) => {
      const token = randomUUID();
      const uri = `cancelled://${token}`;
      const subscription = await client.listen({ resourceSubscriptions: [uri] });
      const abort = new AbortController();
      const call = client.callTool(
        "wait",
        { token },
        { signal: abort.signal, onProgress: () => abort.abort(new Error("no longer needed")) },
      );
      await expect(call).rejects.toMatchObject({ reason: "aborted" });
      for await (const { params } of subscription) {
        expect(params).toMatchObject({ uri });
        break;
      }
    },
  },
  {
    name: "a call that times out is cancelled, and its handler is notified",
    run: async (client) => {
      const token = randomUUID();
      const uri = `cancelled://${token}`;
      const subscription = await client.listen({ resourceSubscriptions: [uri] });
      const call = client.callTool("wait", { token }, { timeoutMs: 150, onProgress: () => {} });
      await expect(call).rejects.toMatchObject({ reason: "timeout" });
      for await (const { params } of subscription) {
        expect(params).toMatchObject({ uri });
        break;
      }
    },
  },
  {
    name: "closing a client cancels all requests in flight",
    run: async (_client, { connect }) => {
      const client = await connect();
      const subscription = await client.listen({ toolsListChanged: true });
      let started = () => {};
      const isRunning = new Promise<void>((resolve) => {
        started = resolve;
      });
      const call = client.callTool("wait", { token: randomUUID() }, { onProgress: started });
      const failed = expect(call).rejects.toMatchObject({ reason: "closed" });
      await isRunning;
      await client.close();
      await failed;
      const { done } = await subscription[Symbol.asyncIterator]().next();
      expect(done).toBe(true);
      await expect(client.callTool("echo", { text: "x" })).rejects.toMatchObject({
        reason: "closed",
      });
    },
  },
];

import { randomUUID } from "node:crypto";
import type { Subscription } from "lutra/client";
import { expect } from "vitest";
import { expectRefusal, type Scenario } from "../scenario.ts";

export const subscriptions: readonly Scenario[] = [
  {
    name: "a subscription is acknowledged with the filter that the server agreed to",
    run: async (client, { user }) => {
      const subscription = await client.listen({
        toolsListChanged: true,
        resourceSubscriptions: ["memo://readme", "changed://a", "unknown://b"],
      });
      expect(subscription.acknowledged).toEqual({
        toolsListChanged: true,
        resourceSubscriptions: ["memo://readme", "changed://a"],
      });
      const [warning, ...others] = user.warnings.splice(0);
      expect(warning).toContain("resourceSubscriptions");
      expect(others).toEqual([]);
      subscription.close();
      expect(await next(subscription)).toBeUndefined();
    },
  },
  {
    name: "subscribers are notified of changed lists",
    run: async (client) => {
      const subscription = await client.listen({
        toolsListChanged: true,
        resourcesListChanged: true,
        promptsListChanged: true,
      });
      const heard: string[] = [];
      for (const what of ["tools", "resources", "prompts"]) {
        await client.callTool("change", { what });
        // Each change is an addition and a removal, which may cause one notification or two.
        const method = `notifications/${what}/list_changed`;
        do heard.push((await next(subscription))?.method ?? "nothing");
        while (heard.at(-1) !== method);
      }
      expect(new Set(heard).size).toBe(3);
      subscription.close();
    },
  },
  {
    name: "subscribers are notified of the resources they named, and of nothing else",
    run: async (client) => {
      const [mine, other] = [`changed://${randomUUID()}`, `changed://${randomUUID()}`];
      const subscription = await client.listen({ resourceSubscriptions: [mine] });
      await client.callTool("touch", { uri: other });
      await client.callTool("change", { what: "tools" });
      await client.callTool("touch", { uri: mine });
      expect(await next(subscription)).toMatchObject({
        method: "notifications/resources/updated",
        params: { uri: mine },
      });
      subscription.close();
    },
  },
  {
    name: "concurrent subscriptions receive only their own notifications",
    run: async (client) => {
      const uris = Array.from({ length: 10 }, () => `changed://${randomUUID()}`);
      const opened = await Promise.all(
        uris.map((uri) => client.listen({ resourceSubscriptions: [uri] })),
      );
      await Promise.all(uris.map((uri) => client.callTool("touch", { uri })));
      for (const [index, subscription] of opened.entries()) {
        expect((await next(subscription))?.params).toMatchObject({ uri: uris[index] });
        subscription.close();
      }
    },
  },
  {
    name: "a subscription to too many resources is refused",
    isModern: true,
    run: async (client) => {
      const uris = (count: number) => Array.from({ length: count }, (_, i) => `changed://${i}`);
      const most = await client.listen({ resourceSubscriptions: uris(1000) });
      expect(most.acknowledged.resourceSubscriptions).toHaveLength(1000);
      most.close();
      await expectRefusal(client.listen({ resourceSubscriptions: uris(1001) }), -32602);
    },
  },
  {
    name: "a subscription with an empty filter is acknowledged with an empty filter",
    run: async (client) => {
      const subscription = await client.listen({});
      expect(subscription.acknowledged).toEqual({});
      subscription.close();
    },
  },
  {
    name: "a subscription ends when its reader stops or its signal aborts",
    run: async (client) => {
      const uri = `changed://${randomUUID()}`;
      const left = await client.listen({ resourceSubscriptions: [uri] });
      await client.callTool("touch", { uri });
      for await (const { params } of left) {
        expect(params).toMatchObject({ uri });
        break;
      }
      expect(await next(left)).toBeUndefined();
      const abort = new AbortController();
      const aborted = await client.listen({ toolsListChanged: true }, { signal: abort.signal });
      abort.abort();
      expect(await next(aborted)).toBeUndefined();
    },
  },
  {
    name: "a subscription is reopened when the processes of its server die",
    only: ["stdio"],
    run: async (_client, { start, user }) => {
      const { client } = await start();
      const uri = `changed://${randomUUID()}`;
      const subscription = await client.listen({ resourceSubscriptions: [uri] });
      const pids = new Set<number>();
      for (let call = 0; call < 3; call += 1) {
        const { structuredContent } = await client.callTool("who");
        pids.add((structuredContent as { pid: number }).pid);
      }
      for (const pid of pids) process.kill(pid, "SIGKILL");
      expect((await next(subscription))?.method).toBe("notifications/subscriptions/acknowledged");
      expect(user.warnings.splice(0)).not.toEqual([]);
      await client.callTool("touch", { uri });
      expect((await next(subscription))?.params).toMatchObject({ uri });
      subscription.close();
    },
  },
  {
    name: "a subscription ends gracefully when the server shuts down",
    isModern: true,
    run: async (_client, { start }) => {
      const { client, end } = await start();
      const subscription = await client.listen({ toolsListChanged: true }, { relisten: "never" });
      const ended = next(subscription);
      await end();
      expect(await ended).toBeUndefined();
    },
  },
];

async function next(subscription: Subscription) {
  const { value } = await subscription[Symbol.asyncIterator]().next();
  return value;
}

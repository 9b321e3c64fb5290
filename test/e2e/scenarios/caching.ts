import { cacheStatusOf } from "lutra/client";
import { expect } from "vitest";
import type { Scenario } from "../scenario.ts";

export const caching: readonly Scenario[] = [
  {
    name: "a list is requested once while it is fresh",
    isModern: true,
    run: async (_client, { connect }) => {
      const client = await connect();
      const first = await client.listTools();
      expect(cacheStatusOf(first)).toBeUndefined();
      const second = await client.listTools();
      expect(cacheStatusOf(second)).toBe("fresh");
      expect(second).toEqual(first);
    },
  },
  {
    name: "a resource is cached for as long as its server allows",
    isModern: true,
    run: async (client) => {
      const read = async (uri: string) => (await client.readResource(uri)).contents[0];
      expect(await read("dice://fresh")).toEqual(await read("dice://fresh"));
      expect(await read("dice://stale")).not.toEqual(await read("dice://stale"));
    },
  },
  {
    name: "a resource is read again after its update, and a list after its change",
    isModern: true,
    run: async (_client, { connect }) => {
      const client = await connect();
      const read = async () => (await client.readResource("dice://fresh")).contents[0];
      const first = await read();
      await client.listPrompts();
      const subscription = await client.listen({
        promptsListChanged: true,
        resourceSubscriptions: ["dice://fresh"],
      });
      const iterator = subscription[Symbol.asyncIterator]();
      await client.callTool("touch", { uri: "dice://fresh" });
      await iterator.next();
      expect(await read()).not.toEqual(first);
      await client.callTool("change", { what: "prompts" });
      await iterator.next();
      expect(cacheStatusOf(await client.listPrompts())).toBeUndefined();
      subscription.close();
    },
  },
  {
    name: "a result that needed input is not cached",
    run: async (client, { user }) => {
      for (const code of ["1", "2"]) {
        user.willAnswer({ action: "accept", content: { code } });
        const { contents, ttlMs } = await client.readResource("vault://note");
        expect(contents).toMatchObject([{ text: `opened with ${code}` }]);
        expect(ttlMs).toBe(0);
      }
    },
  },
  {
    name: "clients do not share private responses",
    run: async (client, { connect }) => {
      const other = await connect();
      const read = async (reader: typeof client) =>
        (await reader.readResource("dice://fresh")).contents[0];
      expect(await read(client)).not.toEqual(await read(other));
    },
  },
];

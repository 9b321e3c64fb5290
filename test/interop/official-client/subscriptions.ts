import type { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { serveHttp } from "lutra/node";
import { describe, expect, it } from "vitest";
import { createFixture } from "../../e2e/server.ts";
import { itWhere } from "../it-where.ts";
import { connectOfficial, type Meeting, nextUpdate } from "./meeting.ts";

export function testSubscriptions(meeting: Meeting): void {
  const { call, connect, place, mode } = meeting;

  describe("subscriptions", () => {
    it("receives changed lists and updated resources, and nothing else", async () => {
      const { client, heard } = meeting.shared;
      heard.length = 0;
      const subscription = await client.listen({
        toolsListChanged: true,
        promptsListChanged: true,
        resourceSubscriptions: ["changed://a", "no-such-scheme://b"],
      });
      expect(subscription.honoredFilter).toEqual({
        toolsListChanged: true,
        promptsListChanged: true,
        resourceSubscriptions: ["changed://a"],
      });
      const updated = nextUpdate(meeting.shared);
      for (const what of ["tools", "resources", "prompts"]) await call("change", { what });
      await call("touch", { uri: "changed://other" });
      await call("touch", { uri: "changed://a" });
      expect(await updated).toBe("changed://a");
      expect(new Set(heard)).toEqual(
        new Set([
          "notifications/tools/list_changed",
          "notifications/prompts/list_changed",
          "notifications/resources/updated",
        ]),
      );
      await subscription.close();
      expect(await subscription.closed).toBe("local");
    });

    it("follows a list by itself, where it is told to", async () => {
      let onChanged = (_error: Error | null) => {};
      const heard = new Promise<Error | null>((resolve) => {
        onChanged = resolve;
      });
      const { client } = await connect({ listChanged: { tools: { onChanged } } });
      await client.callTool({ name: "change", arguments: { what: "tools" } });
      expect(await heard).toBeNull();
    });

    it("caches results until it is notified of a change", async () => {
      const { client } = meeting.shared;
      const read = async (uri: string) => (await client.readResource({ uri })).contents[0];
      expect(await read("dice://stale")).not.toEqual(await read("dice://stale"));
      const first = await read("dice://fresh");
      expect(await read("dice://fresh")).toEqual(first);
      const subscription = await client.listen({ resourceSubscriptions: ["dice://fresh"] });
      const updated = nextUpdate(meeting.shared);
      await call("touch", { uri: "dice://fresh" });
      await updated;
      expect(await read("dice://fresh")).not.toEqual(first);
      await subscription.close();
    });

    itWhere(place !== "stdio")("keeps lists, too: the second is not asked for", async () => {
      const { client, sent } = await connect({});
      await client.listTools();
      const requests = sent.length;
      await client.listTools();
      expect(sent.length).toBe(requests);
    });

    itWhere(place === "stdio")("receives the graceful end of a subscription on stdio", async () => {
      const { client } = await connect({});
      const subscription = await client.listen({ toolsListChanged: true });
      const { pid } = client.transport as StdioClientTransport;
      process.kill(pid as number, "SIGTERM");
      expect(await subscription.closed).toBe("graceful");
    });

    itWhere(place === "http")("receives the graceful end of a subscription", async () => {
      const server = createFixture();
      const endpoint = await serveHttp(server, { port: 0 });
      const { client } = await connectOfficial({ url: endpoint.url }, mode, {});
      const subscription = await client.listen({ toolsListChanged: true });
      await endpoint.close();
      expect(await subscription.closed).toBe("graceful");
      await client.close();
    });
  });
}

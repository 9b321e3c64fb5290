import { expect } from "vitest";
import type { Scenario } from "../scenario.ts";

export const discovery: readonly Scenario[] = [
  {
    name: "a server reports its versions, capabilities and name",
    isModern: true,
    run: async (client) => {
      expect(await client.discover()).toMatchObject({
        resultType: "complete",
        supportedVersions: expect.arrayContaining(["2026-07-28"]),
        capabilities: {
          tools: { listChanged: true },
          resources: { listChanged: true, subscribe: true },
          prompts: { listChanged: true },
          completions: {},
          logging: {},
        },
        instructions: "Ask for anything.",
        ttlMs: 300_000,
        cacheScope: "public",
        _meta: {
          "io.modelcontextprotocol/serverInfo": {
            name: "fixture",
            version: "1.2.3",
            title: "Fixture – Vorrichtung – 治具",
          },
        },
      });
    },
  },
  {
    name: "a client may call without discovery, and sends its name",
    run: async (_client, { connect }) => {
      const info = { name: "newcomer", version: "9" };
      const client = await connect({ clientInfo: info });
      const { structuredContent } = await client.callTool("who");
      expect(structuredContent).toMatchObject({ client: "newcomer" });
    },
  },
];

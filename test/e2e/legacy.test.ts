/** The client on earlier revisions, against the fixture server. */
import { createClient } from "lutra/client";
import { createFetchHandler } from "lutra/http";
import { createStdioTransport } from "lutra/node";
import { lutraCommand } from "./lutra-command.ts";
import { runScenarios } from "./run-scenarios.ts";
import { createFixture } from "./server.ts";

const url = "http://fixture.example/mcp";

runScenarios("legacy http", async () => {
  const server = createFixture();
  const handler = createFetchHandler(server);
  return {
    createClient: (options) =>
      createClient(url, {
        ...options,
        era: "legacy",
        fetch: (input, init) => handler(new Request(input, init)),
      }),
    end: server.close,
  };
});

const command = lutraCommand("serve", "test/e2e/server.ts", "--stdio");

runScenarios("legacy stdio", async () => {
  // A session has one client.
  const open = new Set<() => Promise<void>>();
  return {
    createClient: (options) => {
      const transport = createStdioTransport(command, { stderr: "ignore", era: "legacy" });
      open.add(transport.close);
      return createClient(transport, options);
    },
    end: async () => {
      await Promise.all([...open].map((close) => close()));
    },
  };
});

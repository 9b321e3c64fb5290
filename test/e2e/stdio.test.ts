import { createClient } from "lutra/client";
import { createStdioTransport } from "lutra/node";
import { lutraCommand } from "./lutra-command.ts";
import { runScenarios } from "./run-scenarios.ts";

const command = lutraCommand("serve", "test/e2e/server.ts", "--stdio");

runScenarios("stdio", async () => {
  // The output of the server is ignored.
  const transport = createStdioTransport(command, { stderr: "ignore" });
  // Starting a process is slow, so all clients share one.
  const shared = { serve: transport.serve, mirrorsHeaders: false, close: async () => {} };
  return {
    createClient: (options) => createClient(shared, options),
    end: async () => {
      if (transport.pid !== undefined) process.kill(transport.pid, "SIGTERM");
    },
    close: transport.close,
  };
});

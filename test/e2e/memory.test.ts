import { createClient } from "lutra/client";
import { runScenarios } from "./run-scenarios.ts";
import { createFixture } from "./server.ts";

runScenarios("memory", async () => {
  const server = createFixture();
  return {
    createClient: (options) => createClient(server, options),
    end: server.close,
  };
});

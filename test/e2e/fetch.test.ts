import { createClient } from "lutra/client";
import { createFetchHandler } from "lutra/http";
import { runScenarios } from "./run-scenarios.ts";
import { createFixture } from "./server.ts";

const url = "http://fixture.example/mcp";

runScenarios("fetch", async () => {
  const server = createFixture();
  const handler = createFetchHandler(server);
  return {
    createClient: (options) =>
      createClient(url, { ...options, fetch: (input, init) => handler(new Request(input, init)) }),
    end: server.close,
    http: (init) => handler(new Request(url, init)),
  };
});

import { createClient } from "lutra/client";
import { serveHttp } from "lutra/node";
import { runScenarios } from "./run-scenarios.ts";
import { createFixture } from "./server.ts";

runScenarios("http", async () => {
  const { url, close } = await serveHttp(createFixture(), { port: 0 });
  return {
    createClient: (options) => createClient(url, options),
    end: close,
    http: (init) => fetch(url, init),
  };
});

/** `createFetchHandler` in Hono 4, on Node and as an application of its own. */
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { createClient } from "lutra/client";
import { createFetchHandler } from "lutra/http";
import type { Server } from "lutra/server";
import { describe, expect, it } from "vitest";
import { runScenarios } from "../e2e/run-scenarios.ts";
import { createFixture } from "../e2e/server.ts";
import { openFixture } from "./open-fixture.ts";

function appOf(server: Server): Hono {
  const handler = createFetchHandler(server, { onError: () => {} });
  const app = new Hono();
  app.use("/read/*", async (context, next) => {
    await context.req.json();
    await next();
  });
  app.all("/read/mcp", (context) => handler(context.req.raw));
  app.all("/mcp", (context) => handler(context.req.raw));
  return app;
}

describe("@hono/node-server", () => {
  runScenarios("fetch", () => openFixture((server) => getRequestListener(appOf(server).fetch)));
});

describe("an edge platform", () => {
  const url = "https://fixture.example/mcp";
  runScenarios("fetch", async () => {
    const server = createFixture();
    const app = appOf(server);
    return {
      createClient: (options) =>
        createClient(url, {
          ...options,
          fetch: async (input, init) => app.fetch(new Request(input, init)),
        }),
      http: async (init) => app.request(url, init),
      end: server.close,
    };
  });
});

it.each([
  ["on Node", true],
  ["at the edge", false],
])("answers at once when a middleware has read the body %s", async (_where, onNode) => {
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  };
  const atEdge = () => appOf(createFixture()).request("/read/mcp", init);
  await expectRefused(await (onNode ? sendToNode(init) : atEdge()));
});

async function sendToNode(init: RequestInit): Promise<Response> {
  const opened = await openFixture((server) => getRequestListener(appOf(server).fetch));
  try {
    return await fetch(new URL("/read/mcp", opened.url), init);
  } finally {
    await opened.end();
  }
}

async function expectRefused(response: Response): Promise<void> {
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({
    error: { code: -32603, message: expect.stringContaining("request.clone()") },
  });
}

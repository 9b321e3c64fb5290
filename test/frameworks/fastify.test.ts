/** `createNodeHandler` in Fastify 5, behind the parser that it has by default and without one. */
import Fastify, { type FastifyInstance } from "fastify";
import { createNodeHandler } from "lutra/node";
import type { Server } from "lutra/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { callTool } from "../cli/http.ts";
import { runScenarios } from "../e2e/run-scenarios.ts";
import { openFixture } from "./open-fixture.ts";

type Mount = (app: FastifyInstance, server: Server) => unknown;

const open = (mount: Mount) =>
  openFixture(async (server) => {
    // By default, Fastify refuses bodies with a member of the name `__proto__` or `constructor`.
    const names = { onProtoPoisoning: "ignore", onConstructorPoisoning: "ignore" } as const;
    const app = Fastify({ bodyLimit: 4_194_304, ...names });
    mount(app, server);
    await app.ready();
    return app.routing;
  });

const withBody: Mount = (app, server) => {
  const handler = createNodeHandler(server, { onError: () => {} });
  app.all("/mcp", (request, reply) => {
    reply.hijack();
    return handler(Object.assign(request.raw, { body: request.body }), reply.raw);
  });
};

const withoutBody: Mount = (app, server) => {
  const handler = createNodeHandler(server, { onError: () => {} });
  app.all("/mcp", (request, reply) => {
    reply.hijack();
    return handler(request.raw, reply.raw);
  });
};

describe("the default parser", () => {
  runScenarios("framework", () => open(withBody));
});

describe("no parser", () => {
  runScenarios("http", () =>
    open((app, server) => {
      app.removeAllContentTypeParsers();
      app.addContentTypeParser("*", (_request, _payload, done) => done(null));
      withoutBody(app, server);
    }),
  );
});

it("answers at once when the route does not pass the body on", async () => {
  const { url, end, close } = await open(withoutBody);
  onTestFinished(async () => {
    await end();
    await close?.();
  });
  expect(await callTool(url, "echo", { arguments: { text: "x" } })).toMatchObject({
    status: 500,
    body: { error: { code: -32603, message: expect.stringContaining("set req.body") } },
  });
});

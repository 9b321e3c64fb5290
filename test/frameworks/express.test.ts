/** `createNodeHandler` in Express 4 and 5: types, mounting, and body parsers before it. */
import express5, { type Express } from "express";
import express4 from "express4";
import { createNodeHandler, type NodeHandler } from "lutra/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { callTool } from "../cli/http.ts";
import { runScenarios } from "../e2e/run-scenarios.ts";
import { openFixture } from "./open-fixture.ts";

const echoed = { arguments: { text: "x" } };

type Mount = (app: Express, handler: NodeHandler) => unknown;

describe.each([
  ["Express 5", express5],
  ["Express 4", express4],
])("%s", (_version, express) => {
  const open = (mount: Mount) =>
    openFixture((server) => {
      const app = express();
      mount(app, createNodeHandler(server, { onError: () => {} }));
      return app;
    });

  async function start(mount: Mount): Promise<string> {
    const { url, end, close } = await open(mount);
    onTestFinished(async () => {
      await end();
      await close?.();
    });
    return url;
  }

  describe("a Router without a body parser", () => {
    runScenarios("http", () =>
      open((app, handler) => app.use(express.Router().all("/mcp", handler))),
    );
  });

  describe("express.json()", () => {
    const parser = express.json({ limit: "4mb" });
    runScenarios("framework", () => open((app, handler) => app.use(parser).all("/mcp", handler)));
  });

  it.each<[string, Mount]>([
    ["app.post", (app, handler) => app.post("/mcp", handler)],
    ["app.use", (app, handler) => app.use("/mcp", handler)],
    ["express.text()", (app, handler) => app.use(express.text({ type: "*/*" }), handler)],
    ["express.raw()", (app, handler) => app.use(express.raw({ type: "*/*" }), handler)],
    [
      "express.urlencoded()",
      (app, handler) => app.use(express.urlencoded({ extended: true }), handler),
    ],
    ["a parser on the route", (app, handler) => app.all("/mcp", express.json(), handler)],
  ])("serves behind %s, and does not call the next handler", async (_what, mount) => {
    let fellThrough = 0;
    const url = await start((app, handler) => {
      mount(app, handler);
      app.use((_req, _res, next) => {
        fellThrough += 1;
        next();
      });
    });
    const { status, body } = await callTool(url, "echo", echoed);
    expect([status, body.result?.content, fellThrough]).toEqual([
      200,
      [{ type: "text", text: "x" }],
      0,
    ]);
  });

  it("answers at once when a parser has left no req.body", async () => {
    const url = await start((app, handler) =>
      app.use((req, _res, next) => void req.resume().once("end", next)).all("/mcp", handler),
    );
    expect(await callTool(url, "echo", echoed)).toMatchObject({
      status: 500,
      body: { error: { code: -32603, message: expect.stringContaining("set req.body") } },
    });
  });
});

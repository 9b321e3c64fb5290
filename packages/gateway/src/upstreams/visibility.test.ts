import type { Result } from "lutra/protocol";
import {
  createServer,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
} from "lutra/server";
import { describe, expect, it } from "vitest";
import { planOf } from "../fixtures/plan-of.ts";

const server = createServer({
  name: "notes",
  version: "1.0.0",
  tools: ["search", "search_all", "drop"].map((name) => defineTool({ name, call: () => name })),
  prompts: [definePrompt({ name: "greet", get: () => "hi" })],
  resources: [
    defineResource({ uri: "file:///docs/a", name: "a", read: () => "a" }),
    defineResource({ uri: "file:///etc/passwd", name: "p", read: () => "p" }),
  ],
  resourceTemplates: [
    defineResourceTemplate({
      uriTemplate: "file:///docs/{+path}",
      name: "t",
      read: ({ path }) => path,
    }),
  ],
});

const selection = {
  tools: { include: "search*", exclude: "*_all" },
  prompts: { exclude: "*" },
  resources: { include: "file:///docs/*" },
};

const url = "http://127.0.0.1:1/mcp";
const planWith = (routes: readonly object[], own: object = selection) =>
  planOf({ notes: server }, { upstreams: { notes: { url, ...own } }, routes: routes as never });

const namesIn = (result: Result, field: string, key: string) =>
  (result[field] as readonly { [key: string]: string }[]).map((entry) => entry[key]);

describe.each([
  ["a route to the upstream", [{ to: "notes" }]],
  ["a merged server", [{ merge: ["notes"] }]],
])("an upstream with a selection, behind %s", (_what, routes) => {
  it("lists only the selected entries", async () => {
    const { ask } = planWith(routes);
    const tools = await ask({ method: "tools/list" });
    expect(namesIn(tools, "tools", "name")).toEqual(["search"]);
    const prompts = await ask({ method: "prompts/list" });
    expect(prompts.prompts).toEqual([]);
    const resources = await ask({ method: "resources/list" });
    expect(namesIn(resources, "resources", "uri")).toEqual(["file:///docs/a"]);
    const templates = await ask({ method: "resources/templates/list" });
    expect(namesIn(templates, "resourceTemplates", "uriTemplate")).toEqual([
      "file:///docs/{+path}",
    ]);
  });

  it.each([
    ["tools/call", { name: "drop" }, "Unknown tool: drop"],
    ["tools/call", { name: "search_all" }, "Unknown tool: search_all"],
    ["prompts/get", { name: "greet" }, "Unknown prompt: greet"],
    ["resources/read", { uri: "file:///etc/passwd" }, "Resource not found: file:///etc/passwd"],
    [
      "resources/read",
      { uri: "file:///docs/../etc/passwd" },
      "Resource not found: file:///docs/../etc/passwd",
    ],
    [
      "resources/read",
      { uri: "file:///docs/%2e%2e/etc/passwd" },
      "Resource not found: file:///docs/%2e%2e/etc/passwd",
    ],
  ])("answers %s of %j as for an unknown entry", async (method, params, message) => {
    const { ask, upstreams } = planWith(routes);
    await expect(ask({ method, params })).rejects.toMatchObject({ code: -32602, message });
    expect(upstreams.notes?.asked(method)).toEqual([]);
  });

  it("answers requests for selected entries", async () => {
    const { ask } = planWith(routes);
    expect(await ask({ method: "tools/call", params: { name: "search" } })).toMatchObject({
      content: [{ text: "search" }],
    });
    const params = { uri: "file:///docs/b" };
    expect(await ask({ method: "resources/read", params })).toHaveProperty("contents");
  });
});

it("hides a tool that would collide with one of another upstream", async () => {
  const { ask } = planOf(
    { notes: server, other: server },
    { upstreams: { notes: { url, tools: { exclude: "search" } } } },
  );
  const { tools } = await ask({ method: "tools/list" });
  expect((tools as { name: string }[]).map(({ name }) => name)).toContain("search");
});

import fc from "fast-check";
import { type Result, type Serve, withSubscriptionId } from "lutra/protocol";
import {
  createServer,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
} from "lutra/server";
import { describe, expect, it } from "vitest";
import type { ConfigInput } from "../config/schema.ts";
import { planOf } from "../fixtures/plan-of.ts";

const long = `${"a".repeat(118)}_delete`;

const serverOf = (name: string, tools: readonly string[]) =>
  createServer({
    name,
    version: "1.0.0",
    tools: tools.map((tool) => defineTool({ name: tool, call: () => `${name} ran ${tool}` })),
    prompts: [
      definePrompt({
        name: "secret",
        arguments: { key: { complete: () => [`${name}-key`] } },
        get: () => name,
      }),
    ],
    resources: [
      defineResource({ uri: "file:///etc/passwd", name: "p", read: () => `${name} passwd` }),
      defineResource({ uri: "file:///home/a", name: "a", read: () => `${name} a` }),
    ],
    resourceTemplates: [
      defineResourceTemplate({
        uriTemplate: "file:///{+path}",
        name: "t",
        read: ({ path }) => `${name} ${path}`,
      }),
    ],
  });

const notes = serverOf("notes", ["drop_table", "report", long]);
const places = serverOf("places", ["drop_table", "report", "search"]);

type Routes = NonNullable<ConfigInput["routes"]>;

const merged = (deny: Routes[number]["match"] & object, rest: Partial<ConfigInput> = {}) =>
  planOf({ notes, places }, { routes: [{ match: deny, deny: "no" }, { merge: "all" }], ...rest });

const call = (name: string) => ({ method: "tools/call", params: { name } });
const read = (uri: string) => ({ method: "resources/read", params: { uri } });
const forbidden = { code: -32600, status: 403, message: "no" };
const namesIn = (result: Result, field = "tools", key = "name") =>
  (result[field] as readonly { [key: string]: string }[]).map((entry) => entry[key]);

describe("a denial in front of a merged server", () => {
  it.each([
    ["a name with the prefix of a collision", { name: "drop_*" }, call("notes.drop_table")],
    ["a tool with the prefix of a collision", { tool: "drop_*" }, call("notes.drop_table")],
    ["a tool of one upstream", { upstream: "notes", tool: "drop_*" }, call("notes.drop_table")],
    [
      "a URI that carries its upstream",
      { name: "file:///etc/*" },
      read("notes+file:///etc/passwd"),
    ],
    ["a carrier in capitals", { name: "file:///etc/*" }, read("NOTES+file:///etc/passwd")],
    ["a resource", { resource: "file:///etc/*" }, read("places+file:///etc/passwd")],
    ["a URI of a template", { resource: "file:///etc/*" }, read("places+file:///etc/shadow")],
    ["a URI with dot segments", { name: "file:///etc/*" }, read("notes+file:///x/../etc/passwd")],
    ["everything of one upstream", { upstream: "places" }, read("places+file:///home/a")],
    ["a name that is written with its upstream", { name: "places.search" }, call("search")],
  ])("applies to %s", async (_what, match, asked) => {
    const plan = merged(match);
    await expect(plan.ask(asked)).rejects.toMatchObject(forbidden);
    expect([plan.last().route, plan.last().reason]).toEqual([0, "deny"]);
  });

  it("applies to a name that ends in a digest", async () => {
    const plan = merged(
      { tool: "*_delete" },
      {
        routes: [
          { match: { name: "*_delete" }, deny: "no" },
          { merge: "all", prefix: "always" },
        ],
      },
    );
    const [shown] = (await planOf(
      { notes, places },
      { routes: [{ merge: "all", prefix: "always" }] },
    )
      .ask({ method: "tools/list" })
      .then((result) => namesIn(result).filter((name) => name?.startsWith("notes.aaa")))) as [
      string,
    ];
    expect(shown).toMatch(/-[0-9a-f]{16}$/);
    await expect(plan.ask(call(shown))).rejects.toMatchObject(forbidden);
  });

  it("leaves the same name of another upstream alone", async () => {
    const plan = merged({ upstream: "notes", tool: "drop_*" });
    const { content } = await plan.ask(call("places.drop_table"));
    expect(content).toMatchObject([{ text: "places ran drop_table" }]);
    expect(plan.last().subject).toMatchObject({ upstream: "places", kind: "tool" });
  });

  it("applies to completions of the arguments of a prompt", async () => {
    const params = (name: string) => ({
      ref: { type: "ref/prompt", name },
      argument: { name: "key", value: "" },
    });
    const plan = merged({ prompt: "secret" });
    const asked = plan.ask({ method: "completion/complete", params: params("notes.secret") });
    await expect(asked).rejects.toMatchObject(forbidden);
  });

  it("applies before a cached response", async () => {
    const plan = merged({ resource: "file:///etc/*", principal: "bob" });
    await plan.ask(read("notes+file:///etc/passwd"));
    const asked = plan.ask({ ...read("NOTES+file:///etc/passwd"), principal: "bob" });
    await expect(asked).rejects.toMatchObject(forbidden);
  });

  it("gives way to a route above it that reaches the upstream", async () => {
    const routes: Routes = [
      { match: { tool: "drop_*", principal: "ada" }, merge: ["notes"] },
      { match: { tool: "drop_*" }, deny: "no" },
      { merge: "all" },
    ];
    const plan = merged({}, { routes });
    const as = (name: string, principal: string) => plan.ask({ ...call(name), principal });
    expect(await as("notes.drop_table", "ada")).toHaveProperty("content");
    await expect(as("places.drop_table", "ada")).rejects.toMatchObject(forbidden);
    await expect(as("notes.drop_table", "bob")).rejects.toMatchObject(forbidden);
  });

  it("leaves out of lists what it denies to everybody", async () => {
    const plan = merged({ name: ["drop_*", "secret", "file:///etc/*"] });
    expect(namesIn(await plan.ask({ method: "tools/list" }))).toEqual([
      "notes.report",
      long,
      "places.report",
      "search",
    ]);
    expect(namesIn(await plan.ask({ method: "prompts/list" }), "prompts")).toEqual([]);
    const resources = await plan.ask({ method: "resources/list" });
    expect(namesIn(resources, "resources", "uri")).toEqual([
      "notes+file:///home/a",
      "places+file:///home/a",
    ]);
  });

  it("keeps in lists what some callers may use", async () => {
    const plan = merged({ tool: "drop_*", principal: "guest" });
    const names = namesIn(await plan.ask({ method: "tools/list" }));
    expect(names).toContain("notes.drop_table");
  });
});

describe("a denial in front of one upstream", () => {
  const single = (match: object, verify: "gateway" | "upstream" = "gateway") =>
    planOf(
      { notes },
      {
        upstreams: { notes: { url: "http://127.0.0.1:1/mcp", verify } },
        routes: [{ match, deny: "no" }, { to: "notes" }],
      },
    );

  it.each([
    ["a tool", { tool: "drop_*" }, call("drop_table")],
    ["a tool of the upstream", { upstream: "notes", tool: "drop_*" }, call("drop_table")],
    ["another spelling of a URI", { resource: "file:///etc/*" }, read("FILE:///%65tc/passwd")],
    ["a prompt", { prompt: "s*" }, { method: "prompts/get", params: { name: "secret" } }],
  ])("applies to %s", async (_what, match, asked) => {
    await expect(single(match).ask(asked)).rejects.toMatchObject(forbidden);
    await expect(single(match, "upstream").ask(asked)).rejects.toMatchObject(forbidden);
  });

  it("applies to the name that a route sends in place of the client's", async () => {
    const routes: Routes = [
      { match: { tool: "drop_table" }, deny: "no" },
      { match: { method: "tools/call", name: "tidy" }, to: "notes", rename: "drop_table" },
      { to: "notes" },
    ];
    await expect(planOf({ notes }, { routes }).ask(call("tidy"))).rejects.toMatchObject(forbidden);
  });

  it("leaves out of lists what it denies to everybody", async () => {
    const { ask } = single({ tool: "drop_*" });
    expect(namesIn(await ask({ method: "tools/list" }))).toEqual(["report", long]);
    expect(namesIn(await ask({ method: "prompts/list" }), "prompts")).toEqual(["secret"]);
  });
});

describe.each([
  ["a merged server", { merge: "all" }, "notes+"],
  ["one upstream", { to: "notes" }, ""],
] as const)("a denial of resources in front of %s", (_what, route, carrier) => {
  const uri = (path: string) => `${carrier}file:///${path}`;

  it("applies to subscriptions, and to updates of what a subscribed resource contains", async () => {
    const server = createServer({
      name: "notes",
      version: "1.0.0",
      resources: [
        defineResource({ uri: "file:///etc", name: "etc", read: () => "" }),
        defineResource({ uri: "file:///etc/passwd", name: "p", read: () => "" }),
      ],
    });
    // The update of a resource that the subscribed one contains.
    const serve: Serve = (request, context) => {
      const { method, params } = request;
      if (method !== "subscriptions/listen") return server.serve(request, context);
      const send = (name: string, more: object) =>
        context.notify({
          jsonrpc: "2.0",
          method: name,
          params: withSubscriptionId({ ...more }, request.id),
        });
      void send("notifications/subscriptions/acknowledged", {
        notifications: params?.notifications,
      });
      for (const path of ["etc/passwd", "etc"]) {
        void send("notifications/resources/updated", { uri: `file:///${path}` });
      }
      return new Promise(() => {});
    };
    const { ask, close, upstreams } = planOf(
      { notes: { serve }, places: server },
      { routes: [{ match: { resource: "file:///etc/*" }, deny: "no" }, route] },
    );
    const received: unknown[] = [];
    const listening = ask({
      method: "subscriptions/listen",
      params: { notifications: { resourceSubscriptions: [uri("etc"), uri("etc/passwd")] } },
      notify: ({ method, params }) =>
        void received.push([method, params?.notifications ?? params?.uri]),
    });
    const agreed = { resourceSubscriptions: [uri("etc")] };
    await expect.poll(() => received).toHaveLength(2);
    expect(received).toEqual([
      ["notifications/subscriptions/acknowledged", agreed],
      ["notifications/resources/updated", uri("etc")],
    ]);
    expect(JSON.stringify(upstreams.notes?.asked("subscriptions/listen"))).not.toContain("passwd");
    await close();
    await listening;
  });
});

describe.each([
  ["a merged server", { merge: "all" }],
  ["one upstream", { to: "notes" }],
] as const)("a denial of an upstream in front of %s", (_what, route) => {
  it("applies to subscriptions to its tasks", async () => {
    const serve: Serve = async ({ method, params, id }, context) => {
      if (method !== "subscriptions/listen") {
        const task = { taskId: "t1", status: "working", createdAt: "", lastUpdatedAt: "" };
        return method === "tools/call"
          ? { resultType: "task", ...task }
          : notes.serve({ jsonrpc: "2.0", id, method, ...(params && { params }) }, context);
      }
      const { notifications } = params ?? {};
      void context.notify({
        jsonrpc: "2.0",
        method: "notifications/subscriptions/acknowledged",
        params: withSubscriptionId({ notifications }, id),
      });
      return new Promise(() => {});
    };
    const match = { upstream: "notes", method: "subscriptions/listen" };
    const { ask, close, upstreams } = planOf(
      { notes: { serve }, places },
      { routes: [{ match, deny: "no" }, route] },
    );
    const capabilities = { extensions: { "io.modelcontextprotocol/tasks": {} } };
    const { taskId } = await ask({ ...call(long), principal: "ada", capabilities });
    const received: unknown[] = [];
    const listening = ask({
      method: "subscriptions/listen",
      params: { notifications: { taskIds: [taskId as string], toolsListChanged: true } },
      principal: "ada",
      capabilities,
      notify: ({ params }) => void received.push(params?.notifications),
    });
    await expect.poll(() => received).not.toEqual([]);
    expect(received[0]).not.toHaveProperty("taskIds", [taskId]);
    expect(JSON.stringify(upstreams.notes?.asked("subscriptions/listen"))).not.toContain("t1");
    await close();
    await listening;
  });
});

describe("a limit in front of a merged server", () => {
  const rate = { requests: 1, perMs: 60_000 };
  const limited = (limit: object) =>
    planOf(
      { notes, places },
      { routes: [{ merge: "all" }], limits: [{ rate, ...limit } as never] },
    );
  const beyond = { status: 429 };

  it.each([
    ["of a name", { match: { name: "report" } }],
    ["of a tool", { match: { tool: "report" } }],
    ["of an upstream", { match: { upstream: "notes" } }],
    ["per tool", { per: ["tool"] }],
    ["per upstream and tool", { per: ["upstream", "tool"] }],
  ])("%s counts every spelling", async (_what, limit) => {
    const { ask } = limited(limit);
    await ask(call("notes.report"));
    await expect(ask(call("notes.report"))).rejects.toMatchObject(beyond);
  });

  it("per tool counts the spellings of one resource together, and each upstream by itself", async () => {
    const { ask } = limited({ per: ["tool"] });
    await ask(read("notes+file:///etc/passwd"));
    await ask(read("places+file:///etc/passwd"));
    for (const uri of ["NOTES+file:///etc/passwd", "notes+file:///x/../etc/passwd"]) {
      await expect(ask(read(uri))).rejects.toMatchObject(beyond);
    }
  });

  it("per tool counts a tool once, however a route and a merged server name it", async () => {
    const { ask } = planOf(
      { notes, places },
      {
        routes: [
          { match: { method: "tools/call", name: "find" }, to: "places", rename: "search" },
          { merge: "all" },
        ],
        limits: [{ rate, per: ["tool"] }],
      },
    );
    await ask(call("find"));
    await expect(ask(call("search"))).rejects.toMatchObject(beyond);
  });

  it("per tool counts a tool once for a route that divides its requests", async () => {
    const { ask } = planOf(
      { notes, places },
      {
        routes: [
          {
            to: [
              { upstream: "notes", weight: 1 },
              { upstream: "places", weight: 1 },
            ],
          },
        ],
        limits: [{ rate, per: ["tool"] }],
      },
    );
    await ask(call("report"));
    await expect(ask(call("report"))).rejects.toMatchObject(beyond);
  });

  it("counts requests for unknown names", async () => {
    const { ask } = limited({ match: { method: "tools/call" }, per: ["upstream"] });
    await expect(ask(call("unknown"))).rejects.toMatchObject({ code: -32602 });
    await expect(ask(call("unknown"))).rejects.toMatchObject(beyond);
  });
});

describe("any spelling of a denied entry", () => {
  const plan = merged({ upstream: "notes", name: ["drop_table", "file:///etc/passwd"] });
  const always = planOf(
    { notes, places },
    {
      routes: [
        { match: { upstream: "notes", name: ["drop_table", "file:///etc/passwd"] }, deny: "no" },
        { merge: "all", prefix: "always" },
      ],
    },
  );
  const prefix = fc.constantFrom("", "notes.", "notes+", "NOTES+", "Notes+", "x.-notes+");
  const letters = (text: string) =>
    fc.tuple(...[...text].map((char) => fc.constantFrom(char, percent(char))));
  const percent = (char: string) =>
    /[a-z]/.test(char) ? `%${char.charCodeAt(0).toString(16)}` : char;
  const path = fc.tuple(
    fc.constantFrom("file://", "FILE://", "file://localhost", "file:"),
    fc.constantFrom("/", "/./", "/a/../", "/a//../", "/%2e%2e/", "/a/%2E%2e/"),
    letters("etc").map((all) => all.join("")),
    fc.constantFrom("/", "//", "/./", "/b/../", "%2F", "\\"),
    letters("passwd").map((all) => all.join("")),
    fc.constantFrom("", "?", "#x", "?a=b", "/"),
  );

  it("does not reach its upstream", async () => {
    const name = fc.oneof(
      fc.constant("drop_table"),
      path.map((parts) => parts.join("")),
    );
    await fc.assert(
      fc.asyncProperty(prefix, name, async (before, after) => {
        const sent = before + after;
        for (const { ask, upstreams } of [plan, always]) {
          const { requests } = upstreams.notes as { requests: unknown[] };
          requests.length = 0;
          await ask(call(sent)).catch(() => {});
          await ask(read(sent)).catch(() => {});
          const used = (requests as { method: string }[]).filter(
            ({ method }) => method === "tools/call" || method === "resources/read",
          );
          expect(used).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });
});

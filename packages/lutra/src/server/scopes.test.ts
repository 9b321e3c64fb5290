import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { createServer } from "./create-server.ts";
import { ask } from "./fixtures/ask.ts";
import { definePrompt } from "./prompts.ts";
import { defineResource, defineResourceTemplate } from "./resources.ts";
import type { ServerOptions } from "./server-options.ts";
import { defineTool } from "./tools.ts";

const complete = () => ["x"];

function serverOf(options: Partial<ServerOptions> = {}) {
  return createServer({
    name: "library",
    version: "1",
    tools: [
      defineTool({ name: "look", call: () => "" }),
      defineTool({ name: "add", scopes: ["write"], call: () => "" }),
      defineTool({
        name: "move",
        inputSchema: z.object({ shelf: z.string().default("main") }),
        scopes: ({ shelf }) => (shelf === "open" ? [] : [`shelf:${shelf}`]),
        call: ({ shelf }) => shelf,
      }),
    ],
    resources: [defineResource({ uri: "a:b", name: "b", scopes: ["read"], read: () => "b" })],
    resourceTemplates: [
      defineResourceTemplate({
        uriTemplate: "diary://{owner}",
        name: "diary",
        scopes: ({ owner }) => [`diary:${owner}`],
        read: ({ owner }) => owner,
      }),
      defineResourceTemplate({
        uriTemplate: "book://{id}",
        name: "book",
        scopes: ["read"],
        complete: { id: complete },
        read: () => "book",
      }),
    ],
    prompts: [
      definePrompt({
        name: "praise",
        arguments: { book: { complete } },
        scopes: ["read"],
        get: () => "praise",
      }),
      definePrompt({
        name: "letter",
        arguments: { to: { required: true } },
        scopes: ({ to }) => [`letter:${to}`],
        get: ({ to }) => to,
      }),
    ],
    ...options,
  });
}

const named = (...scopes: string[]) => ({ principal: { id: "ana", scopes } });
const lacking = (scope: string) => ({
  status: 403,
  challenge: `Bearer error="insufficient_scope", scope="${scope}"`,
});

describe("basic/authorization/index#scope-challenge-handling: scopes that depend on arguments", () => {
  it.each<[string, JSONObject, string]>([
    ["tools/call", { name: "move", arguments: { shelf: "rare" } }, "shelf:rare"],
    ["tools/call", { name: "move", arguments: {} }, "shelf:main"],
    ["resources/read", { uri: "diary://bo" }, "diary:bo"],
    ["prompts/get", { name: "letter", arguments: { to: "bo" } }, "letter:bo"],
  ])("%s of %j requires %s", async (method, params, scope) => {
    await expect(ask(serverOf(), method, params, named("other"))).rejects.toMatchObject(
      lacking(scope),
    );
    expect(await ask(serverOf(), method, params, named(scope))).toMatchObject({
      resultType: "complete",
    });
  });

  it("may be none", async () => {
    const params = { name: "move", arguments: { shelf: "open" } };
    expect(await ask(serverOf(), "tools/call", params)).not.toHaveProperty("isError");
  });

  it("are asked for after the arguments were validated", async () => {
    const params = { name: "move", arguments: { shelf: 1 } };
    expect(await ask(serverOf(), "tools/call", params, named())).toMatchObject({ isError: true });
  });
});

describe("scopes of prompts and resources", () => {
  it.each<[string, JSONObject]>([
    ["resources/read", { uri: "a:b" }],
    ["resources/read", { uri: "book://1" }],
    ["prompts/get", { name: "praise", arguments: {} }],
    [
      "completion/complete",
      { ref: { type: "ref/prompt", name: "praise" }, argument: { name: "book", value: "" } },
    ],
    [
      "completion/complete",
      { ref: { type: "ref/resource", uri: "book://{id}" }, argument: { name: "id", value: "" } },
    ],
  ])("are required for %s of %j", async (method, params) => {
    await expect(ask(serverOf(), method, params, named())).rejects.toMatchObject(lacking("read"));
    await expect(ask(serverOf(), method, params)).rejects.toMatchObject({ status: 401 });
    expect(await ask(serverOf(), method, params, named("read"))).toMatchObject({
      resultType: "complete",
    });
  });

  it.each([
    [
      "resource a:b",
      { resources: [defineResource({ uri: "a:b", name: "b", scopes: [], read: () => "" })] },
    ],
    ["prompt p", { prompts: [definePrompt({ name: "p", scopes: ["a b"], get: () => "" })] }],
  ])("are checked when the server is created: %s", (where, options) => {
    expect(() => serverOf(options)).toThrow(`${where}: scopes: expected names`);
  });

  it.each(["tools/list", "resources/list", "resources/templates/list", "prompts/list"])(
    "are not shown by %s",
    async (method) => {
      expect(JSON.stringify(await ask(serverOf(), method))).not.toContain("scopes");
    },
  );
});

describe("a subscription to resources", () => {
  it("follows those whose scopes the caller has", async () => {
    const resourceSubscriptions = ["a:b", "book://1", "diary://ana", "diary://bo"];
    const followedBy = async (...scopes: string[]) => {
      const notifications: JSONRPCNotification[] = [];
      const controller = new AbortController();
      const options = { ...named(...scopes), notifications, signal: controller.signal };
      const params = { notifications: { resourceSubscriptions } };
      const listening = ask(serverOf(), "subscriptions/listen", params, options);
      await expect.poll(() => notifications.length).toBe(1);
      controller.abort();
      await expect(listening).rejects.toMatchObject({ reason: "aborted" });
      return notifications[0]?.params?.notifications;
    };
    expect(await followedBy()).toEqual({});
    expect(await followedBy("read", "diary:ana")).toEqual({
      resourceSubscriptions: ["a:b", "book://1", "diary://ana"],
    });
  });
});

describe("the scopes that a server states for its handlers", () => {
  it.each([
    ["tools/call", "add", ["write"]],
    ["tools/call", "look", []],
    ["tools/call", "move", []],
    ["tools/call", "unknown", []],
    ["resources/read", "a:b", ["read"]],
    ["resources/read", "book://1", ["read"]],
    ["resources/read", "no uri", []],
    ["prompts/get", "praise", ["read"]],
    ["tools/list", "add", []],
    ["no/method", "add", []],
  ])("%s %s: %j", (method, name, scopes) => {
    expect(serverOf().requiredScopes(method, name)).toEqual(scopes);
  });
});

describe("lists by scope", () => {
  const namesOf = async (method: string, field: string, options: object = {}) => {
    const server = serverOf({ listsByScope: true });
    const result = await ask(server, method, {}, options);
    const entries = (result as JSONObject)[field] as readonly JSONObject[];
    expect(result.cacheScope).toBe("private");
    return entries.map(({ name }) => name);
  };

  it("leave out what the caller may not use, and are private", async () => {
    expect(await namesOf("tools/list", "tools")).toEqual(["look", "move"]);
    expect(await namesOf("tools/list", "tools", named("write"))).toEqual(["look", "add", "move"]);
    expect(await namesOf("resources/list", "resources")).toEqual([]);
    expect(await namesOf("prompts/list", "prompts", named("read"))).toEqual(["praise", "letter"]);
    expect(await namesOf("resources/templates/list", "resourceTemplates")).toEqual(["diary"]);
  });

  it("keep their pages, so that a cursor does not depend on the caller", async () => {
    const server = serverOf({ listsByScope: true, pageSize: 1 });
    const names: unknown[] = [];
    let cursor: unknown;
    do {
      const params: JSONObject = cursor === undefined ? {} : { cursor };
      const page = (await ask(server, "tools/list", params)) as JSONObject;
      names.push((page.tools as readonly JSONObject[]).map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(names).toEqual([["look"], [], ["move"]]);
  });

  it("are the same for all callers without the option", async () => {
    const { tools, cacheScope } = (await ask(serverOf(), "tools/list")) as JSONObject;
    expect(tools).toHaveLength(3);
    expect(cacheScope).toBe("public");
  });
});

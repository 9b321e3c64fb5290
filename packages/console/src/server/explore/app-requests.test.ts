/** The requests of apps, against a server in memory. */
import { apps, appTool } from "lutra/apps";
import { createClient } from "lutra/client";
import { createServer, defineResource, defineTool } from "lutra/server";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { ApiCall } from "../api-route.ts";
import type { AppAnswer } from "./app-requests.ts";
import type { Catalogue } from "./catalogue.ts";
import { createExplorer } from "./explorer.ts";
import type { WireMessage } from "./wire-message.ts";

const page = defineResource({
  uri: "ui://page",
  name: "page",
  mimeType: "text/html;profile=mcp-app",
  read: () => "<!doctype html><p>page",
});
const show = defineTool({
  name: "show",
  _meta: { ui: { resourceUri: "ui://page" } },
  call: () => "shown",
});
const move = appTool({
  tool: {
    name: "move",
    inputSchema: { type: "object" },
    call: (args) => JSON.stringify(args),
  },
  visibility: ["app"],
});

function explore(sandbox?: string) {
  const served = createServer({
    name: "test",
    version: "1.0.0",
    tools: [show, move],
    resources: [page],
    extensions: [apps()],
  });
  const declared: unknown[] = [];
  const explorer = createExplorer({
    target: { kind: "module", label: "test" },
    sandbox,
    connect: (options) => {
      declared.push(options.extensions?.map(({ id }) => id));
      const client = createClient({ serve: served.serve }, options);
      return { client, close: client.close };
    },
  });
  onTestFinished(async () => {
    await explorer.close();
    await served.close();
  });
  const { signal } = new AbortController();
  const call = async <T>(path: string, body?: object): Promise<T> => {
    const [name, query] = path.split("?");
    const found = explorer.routes.find(({ path: each }) => each === `explore/${name}`) as ApiCall;
    const request = { query: new URLSearchParams(query), body: { ...body }, signal };
    return (await found.serve(request)) as T;
  };
  const send = (body: object) => call<AppAnswer>("app", body);
  return { call, send, declared };
}

/** Calls the tool with an app, and resolves to the number of the call. */
async function shown({ call }: ReturnType<typeof explore>): Promise<number> {
  const { id } = await call<{ readonly id: number }>("call", { kind: "tool", name: "show" });
  await vi.waitFor(
    async () => expect(await call(`run?id=${id}`)).toMatchObject({ state: "done" }),
    {
      timeout: 15_000,
    },
  );
  return id;
}

describe("requests of an app", () => {
  it("are sent by the client of Explore, and are among the messages of the call", async () => {
    const explorer = explore();
    const run = await shown(explorer);
    const request = { run, request: "callTool", name: "move", args: { x: 1 }, meta: {} };
    expect(await explorer.send(request)).toMatchObject({
      result: { content: [{ type: "text", text: '{"x":1}' }] },
    });
    const read = await explorer.send({ run, request: "readResource", uri: "ui://page" });
    expect(read).toMatchObject({ result: { contents: [{ text: "<!doctype html><p>page" }] } });
    const { messages } = await explorer.call<{ readonly messages: WireMessage[] }>(`run?id=${run}`);
    const sent = messages.filter(({ direction }) => direction === "sent");
    const methods = sent.map(({ text }) => JSON.parse(text).method);
    expect(methods.slice(-2)).toEqual(["tools/call", "resources/read"]);
  });

  it("have the error of the server, with its code", async () => {
    const explorer = explore();
    const run = await shown(explorer);
    const { error } = await explorer.send({ run, request: "callTool", name: "missing" });
    expect(error).toMatchObject({ code: -32602, message: expect.stringContaining("missing") });
  });

  it.each([
    [{ request: "request" }, 400],
    [{ request: "constructor" }, 400],
    [{ request: "callTool", name: 7 }, 400],
    [{ run: 99, request: "listResources" }, 404],
  ])("are refused for %j", async (body, status) => {
    const explorer = explore();
    const run = await shown(explorer);
    await expect(explorer.send({ run, ...body })).rejects.toMatchObject({ status });
  });
});

describe("the lists", () => {
  it("name the tools with an app and the sandbox, and the client declares apps", async () => {
    const { call, declared } = explore("http://127.0.0.1:1");
    const { apps: found } = await call<Catalogue>("catalogue");
    expect(found).toEqual({ tools: ["show"], sandbox: "http://127.0.0.1:1" });
    expect(declared).toEqual([expect.arrayContaining(["io.modelcontextprotocol/ui"])]);
  });

  it("name none without a sandbox, and the client does not declare apps", async () => {
    const { call, declared } = explore();
    expect((await call<Catalogue>("catalogue")).apps).toBeUndefined();
    expect(declared).toEqual([expect.not.arrayContaining(["io.modelcontextprotocol/ui"])]);
  });
});

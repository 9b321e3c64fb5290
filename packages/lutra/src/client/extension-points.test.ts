/** The extension points of a client, one test for each promise of docs/extending.md. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Middleware } from "../protocol/exchange.ts";
import type { Result } from "../protocol/json-rpc.ts";
import { defineMethod, malformed } from "../protocol/method.ts";
import { callTool } from "../protocol/tools.ts";
import { listening, opened, toolsChanged } from "./fixtures/listening.ts";
import { complete, metaOf, peerError, scripted } from "./fixtures/scripted-server.ts";
import type { ClientExtension } from "./index.ts";

interface Found extends Result {
  readonly found: readonly string[];
}

const search = defineMethod({
  name: "com.example/search",
  params: (params) => params,
  result: (result): Found => {
    if (Array.isArray(result.found)) return result as Found;
    throw malformed("result.found: expected an array");
  },
  nameField: "index",
});

const answered: Result = { resultType: "complete", found: ["otter"] };
const progress = (progressToken: unknown, value: number) =>
  ({
    jsonrpc: "2.0",
    method: "notifications/progress",
    params: { progressToken, progress: value },
  }) as const;

const clientWith = (extensions: readonly ClientExtension[]) =>
  scripted(() => complete, { extensions });

describe("the registration of extensions", () => {
  it("rejects an id that is listed twice", () => {
    const twice = [{ id: "com.example/search" }, { id: "com.example/search" }];
    expect(() => clientWith(twice)).toThrow("extensions: com.example/search is listed twice");
  });

  it("rejects an id that is not {vendor}/{name}", () => {
    expect(() => clientWith([{ id: "search" }])).toThrow(TypeError);
  });

  const base = { id: "com.example/base" };
  const dependent = { id: "com.example/dependent", requires: [base.id] };

  it.each([
    ["is missing", [dependent]],
    ["is listed later", [dependent, base]],
  ])("rejects an extension whose dependency %s", (_what, extensions) => {
    expect(() => clientWith(extensions)).toThrow(
      "extensions: com.example/dependent requires com.example/base, which must be listed before it",
    );
  });

  it("accepts an extension whose dependency is listed before it", async () => {
    const server = clientWith([base, dependent]);
    await server.client.callTool("a");
    expect(metaOf(server.requests[0])["io.modelcontextprotocol/clientCapabilities"]).toEqual({
      extensions: { "com.example/base": {}, "com.example/dependent": {} },
    });
  });

  const other = defineMethod({ ...search, safe: true });

  it.each([
    ["of the core", [{ id: "com.example/a", methods: [{ ...callTool, safe: true }] }]],
    [
      "of an earlier extension",
      [
        { id: "com.example/a", methods: [search] },
        { id: "com.example/b", methods: [other] },
      ],
    ],
  ])("rejects a method that redefines one %s", (_what, extensions) => {
    expect(() => clientWith(extensions as ClientExtension[])).toThrow("is already defined");
  });

  it("rejects a result type that an earlier extension adds", () => {
    const resultTypes = { "com.example/later": [search] };
    const extensions = [
      { id: "com.example/a", resultTypes },
      { id: "com.example/b", resultTypes },
    ];
    expect(() => clientWith(extensions)).toThrow(
      'extensions: com.example/b: the result type "com.example/later" belongs to com.example/a',
    );
  });

  it.each(["callTool", "close", "searches"])(
    "rejects a member whose name is in use: %s",
    (name) => {
      const install = () => ({ members: { [name]: {} } });
      const earlier = { id: "com.example/a", install: () => ({ members: { searches: {} } }) };
      expect(() => clientWith([earlier, { id: "com.example/b", install }])).toThrow(
        `extensions: com.example/b: the client already has a member "${name}"`,
      );
    },
  );

  it("no extension is installed if one in the list is invalid", () => {
    const install = vi.fn(() => ({}));
    const first = { id: "com.example/a", install };
    expect(() => clientWith([first, dependent])).toThrow(TypeError);
    expect(install).not.toHaveBeenCalled();
  });

  it("ends what earlier extensions have started when a later one fails to install", () => {
    const stopped = vi.fn();
    const first: ClientExtension = {
      id: "com.example/a",
      install: (host) => {
        host.onClose(stopped);
        return {};
      },
    };
    const failing = {
      id: "com.example/b",
      install: () => {
        throw new RangeError("no");
      },
    };
    expect(() => clientWith([first, failing])).toThrow(RangeError);
    expect(stopped).toHaveBeenCalledOnce();
  });
});

describe("custom methods", () => {
  it("are sent with client.request, and their results are validated", async () => {
    const server = scripted(() => answered);
    const { found } = await server.client.request(search, { index: "animals", text: "ott" });
    expect(found).toEqual(["otter"]);
    expect(server.requests[0]).toMatchObject({
      method: "com.example/search",
      params: { index: "animals", text: "ott" },
    });
    const wrong = scripted(() => ({ resultType: "complete", found: "otter" }));
    await expect(wrong.client.request(search)).rejects.toMatchObject({ reason: "malformed" });
  });

  it("mirror the column nameField into Mcp-Name", async () => {
    const server = scripted(() => answered);
    await server.client.request(search, { index: "animals" });
    expect(server.contexts[0]?.addHeaders).toEqual({ "Mcp-Name": "animals" });
  });
});

describe("the settings of the server's extensions", () => {
  it("are read with client.discover", async () => {
    const extensions = { "com.example/search": { depth: 2 } };
    const server = scripted(() => ({
      resultType: "complete",
      ttlMs: 0,
      cacheScope: "private",
      supportedVersions: ["2026-07-28"],
      capabilities: { extensions },
    }));
    expect((await server.client.discover()).capabilities.extensions).toEqual(extensions);
  });
});

describe("client middleware", () => {
  /** Records the requests, notifications, results and errors that pass, in order. */
  function recording(seen: string[], name: string): Middleware {
    return (next) => async (request, context) => {
      seen.push(`${name} request`);
      const notify: typeof context.notify = (notification) => {
        seen.push(`${name} notification`);
        return context.notify(notification);
      };
      try {
        return await next(request, { ...context, notify });
      } catch (error) {
        seen.push(`${name} error`);
        throw error;
      } finally {
        seen.push(`${name} end`);
      }
    };
  }

  it("runs from the first of the options to the last of the extensions, and back", async () => {
    const seen: string[] = [];
    const server = scripted(
      async ({ id }, context) => {
        await context.notify(progress(id, 1));
        return complete;
      },
      {
        middleware: [recording(seen, "option 1"), recording(seen, "option 2")],
        extensions: [
          { id: "com.example/a", middleware: [recording(seen, "extension a")] },
          { id: "com.example/b", middleware: [recording(seen, "extension b")] },
        ],
      },
    );
    await server.client.callTool("a", {}, { onProgress: () => seen.push("listener") });
    const inwards = ["option 1", "option 2", "extension a", "extension b"];
    const outwards = [...inwards].reverse();
    expect(seen).toEqual([
      ...inwards.map((name) => `${name} request`),
      ...outwards.map((name) => `${name} notification`),
      "listener",
      ...outwards.map((name) => `${name} end`),
    ]);
  });

  it("sees every retry, and the errors of the server", async () => {
    const seen: string[] = [];
    const server = scripted(
      (_request, _context, count) => {
        if (count === 1) throw peerError(-32022, { supported: ["2026-07-28"] });
        return complete;
      },
      { middleware: [recording(seen, "m")] },
    );
    await server.client.callTool("a");
    expect(seen).toEqual(["m request", "m error", "m end", "m request", "m end"]);
  });

  it("may change a request, a notification and a result", async () => {
    const change: Middleware = (next) => async (request, context) => {
      const params = { ...request.params, name: "b" };
      const result = await next(
        { ...request, params },
        { ...context, notify: () => context.notify(progress(request.id, 2)) },
      );
      return { ...result, content: [{ type: "text", text: "changed" }] };
    };
    const server = scripted(
      async ({ id }, context) => {
        await context.notify(progress(id, 1));
        return complete;
      },
      { middleware: [change] },
    );
    const onProgress = vi.fn();
    const result = await server.client.callTool("a", {}, { onProgress });
    expect(server.requests[0]?.params?.name).toBe("b");
    expect(onProgress).toHaveBeenCalledExactlyOnceWith({ progress: 2 });
    expect(result.content).toEqual([{ type: "text", text: "changed" }]);
  });

  it("may answer a request itself", async () => {
    const server = scripted(() => complete, { middleware: [() => async () => answered] });
    expect(await server.client.request(search)).toEqual(answered);
    expect(server.requests).toEqual([]);
  });

  describe("on a subscription", () => {
    beforeEach(() => {
      vi.useFakeTimers();
    });

    afterEach(() => {
      vi.useRealTimers();
    });

    it("sees the acknowledgment and each notification, in the order of the stream", async () => {
      const seen: string[] = [];
      const record: Middleware = (next) => (request, context) =>
        next(request, {
          ...context,
          notify: (notification) => {
            seen.push(notification.method);
            return context.notify(notification);
          },
        });
      const server = listening({ middleware: [record] });
      const { subscription, stream } = await opened(server);
      stream.send(toolsChanged);
      stream.send("notifications/com.example/found");
      const reader = subscription[Symbol.asyncIterator]();
      await reader.next();
      expect(seen).toEqual([
        "notifications/subscriptions/acknowledged",
        toolsChanged,
        "notifications/com.example/found",
      ]);
      expect((await reader.next()).value?.method).toBe("notifications/com.example/found");
    });
  });
});

describe("unknown members of _meta", () => {
  const meta = { "com.example/trace": { depth: [1] } };

  it("are sent with a request", async () => {
    const server = scripted(() => complete);
    await server.client.callTool("a", {}, { meta });
    expect(metaOf(server.requests[0])).toMatchObject(meta);
  });

  it("are kept in a result", async () => {
    const server = scripted(() => ({ ...complete, _meta: meta }));
    expect((await server.client.callTool("a"))._meta).toEqual(meta);
  });

  it("are kept in the notifications of a subscription", async () => {
    vi.useFakeTimers();
    const server = listening();
    const { subscription, stream } = await opened(server);
    const own = { "io.modelcontextprotocol/subscriptionId": stream.request.id };
    stream.send(toolsChanged, { _meta: { ...own, ...meta } });
    const { value } = await subscription[Symbol.asyncIterator]().next();
    expect(value?.params?._meta).toEqual({ ...own, ...meta });
    vi.useRealTimers();
  });
});

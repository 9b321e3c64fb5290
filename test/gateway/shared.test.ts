/** Limits and cached responses that two gateways share through Redis. */
import { type ConfigInput, type Gateway, startGateway } from "@lutra/gateway";
import { openShared } from "@lutra/stores";
import { type HttpEndpoint, serveHttp } from "lutra/node";
import { createServer, defineResource, defineTool } from "lutra/server";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createPoster } from "../../packages/gateway/src/fixtures/posting.ts";
import { runLutra } from "../cli/run-lutra.ts";
import {
  hasRedis,
  hasRedisBinary,
  type RedisServer,
  startRedis,
  withoutRedis,
} from "../stores/redis-server.ts";
import { writeConfig } from "./config-file.ts";

const minute = 60_000;

describe.skipIf(!hasRedis)(`two gateways with one Redis (${withoutRedis})`, () => {
  let server: RedisServer;
  let upstream: HttpEndpoint;
  let prefixes = 0;
  let prefix = "";
  let reads = 0;
  let holding: { readonly begun: () => void; readonly over: Promise<void> };

  beforeAll(async () => {
    server = await startRedis();
    upstream = await startUpstream();
  });
  afterAll(async () => {
    await upstream?.close();
    await server?.stop();
  });
  beforeEach(() => {
    prefixes += 1;
    prefix = `gateways_${process.pid}_${prefixes}`;
    reads = 0;
  });

  function startUpstream() {
    const read = (content: string) => () => {
      reads += 1;
      return `${content} ${reads}`;
    };
    const quick = defineTool({ name: "quick", inputSchema: { type: "object" }, call: () => "ok" });
    const hold = defineTool({
      name: "hold",
      inputSchema: { type: "object" },
      call: async () => {
        holding.begun();
        await holding.over;
        return "held";
      },
    });
    const resources = (["public", "private"] as const).map((cacheScope) =>
      defineResource({
        uri: `note://${cacheScope}`,
        name: cacheScope,
        cache: { ttlMs: minute, cacheScope },
        read: read(cacheScope),
      }),
    );
    const info = { name: "shared", version: "1.0.0" };
    return serveHttp(createServer({ ...info, tools: [quick, hold], resources }), { port: 0 });
  }

  function configOf(more: Partial<ConfigInput> = {}, redis = server.url): ConfigInput {
    return {
      listen: { port: 0 },
      admin: false,
      log: false,
      drainMs: 500,
      shared: { redis: `${redis}?prefix=${prefix}`, ...more.shared },
      upstreams: { only: { url: upstream.url } },
      ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== "shared")),
    };
  }

  async function startOne(config: ConfigInput) {
    const notices: string[] = [];
    const gateway = await startGateway(config, {
      openShared,
      notice: (line) => notices.push(line),
    });
    onTestFinished(() => gateway.close());
    await gateway.ready();
    return { gateway, notices };
  }

  async function startTwo(more?: Partial<ConfigInput>, redis?: string) {
    const config = configOf(more, redis);
    const [a, b] = [await startOne(config), await startOne(config)];
    return { a: a.gateway, b: b.gateway, notices: a.notices };
  }

  const call = (name: string) => ({ name, arguments: {} });

  /** Returns the statuses of calls at these gateways, one after the other. */
  async function statusesOf(gateways: readonly Gateway[]): Promise<number[]> {
    const post = createPoster();
    const statuses: number[] = [];
    for (const { url } of gateways) {
      statuses.push((await post(url, "tools/call", call("quick"))).status);
    }
    return statuses;
  }

  /** Returns a function that reads a resource as a caller, and resolves to its text. */
  function readerOf() {
    const post = createPoster();
    return async ({ url }: Gateway, uri: string, token?: string) => {
      const headers = { "mcp-name": uri, ...(token && { authorization: `Bearer ${token}` }) };
      const { body } = await post(url, "resources/read", { uri }, headers);
      const { contents } = body.result as { contents: readonly { text: string }[] };
      return contents[0]?.text;
    };
  }

  const perMinute = (requests: number) => ({
    limits: [{ per: ["address" as const], rate: { requests, perMs: minute } }],
  });

  it("count one rate together", async () => {
    const { a, b } = await startTwo(perMinute(3));
    expect(await statusesOf([a, a, b, b, a])).toEqual([200, 200, 200, 429, 429]);
  });

  it("count a limit together wherever it is in the list", async () => {
    const { limits } = perMinute(2);
    const other = { match: { tool: "other" }, rate: { requests: 1, perMs: minute } };
    const { gateway: a } = await startOne(configOf({ limits }));
    const { gateway: b } = await startOne(configOf({ limits: [other, ...limits] }));
    expect(await statusesOf([a, b, a])).toEqual([200, 200, 429]);
  });

  it("count each rate on its own with shared.limits: false", async () => {
    const { a, b } = await startTwo({
      ...perMinute(1),
      shared: { limits: false } as ConfigInput["shared"],
    });
    expect(await statusesOf([a, b, a, b])).toEqual([200, 200, 429, 429]);
  });

  it("count one concurrency together, and free the places of calls that have ended", async () => {
    const { a, b } = await startTwo({ limits: [{ per: ["tool"], concurrency: 2 }] });
    const { held, release } = holdCalls();
    const calls = [a, b].map(({ url }) => createPoster()(url, "tools/call", call("hold")));
    await held(2);
    const post = createPoster();
    expect((await post(a.url, "tools/call", call("hold"))).status).toBe(429);
    expect((await post(b.url, "tools/call", call("hold"))).status).toBe(429);
    expect((await post(b.url, "tools/call", call("quick"))).status).toBe(200);
    release();
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200]);
    await vi.waitFor(async () => {
      expect((await post(b.url, "tools/call", call("hold"))).status).toBe(200);
    });
  });

  /** Lets `hold` wait; `held` resolves when as many calls have begun. */
  function holdCalls() {
    let begun = 0;
    let onBegun = () => {};
    let release = () => {};
    const over = new Promise<void>((resolve) => {
      release = resolve;
    });
    holding = {
      over,
      begun: () => {
        begun += 1;
        onBegun();
      },
    };
    const held = (count: number) =>
      new Promise<void>((resolve) => {
        onBegun = () => {
          if (begun >= count) resolve();
        };
        onBegun();
      });
    return { held, release };
  }

  it("answer from the response that the other one has stored", async () => {
    const { a, b } = await startTwo();
    const read = readerOf();
    expect(await read(a, "note://public")).toBe("public 1");
    expect(await read(b, "note://public")).toBe("public 1");
    expect(await read(b, "note://public")).toBe("public 1");
  });

  it("show a private response only to its caller, at both", async () => {
    const { a, b } = await startTwo();
    const read = readerOf();
    expect(await read(a, "note://private", "alice")).toBe("private 1");
    expect(await read(b, "note://private", "bob")).toBe("private 2");
    expect(await read(b, "note://private", "alice")).toBe("private 1");
    expect(await read(a, "note://private", "bob")).toBe("private 2");
    expect(await read(b, "note://private")).toBe("private 3");
    expect(await read(a, "note://private")).toBe("private 4");
  });

  it("share no responses with shared.cache: false", async () => {
    const { a, b } = await startTwo({ shared: { cache: false } as ConfigInput["shared"] });
    const read = readerOf();
    expect(await read(a, "note://public")).toBe("public 1");
    expect(await read(b, "note://public")).toBe("public 2");
  });

  it("share no responses if the same name is another upstream", async () => {
    const other = await startUpstream();
    onTestFinished(() => other.close());
    const { gateway: a } = await startOne(configOf());
    const { gateway: b } = await startOne(configOf({ upstreams: { only: { url: other.url } } }));
    const read = readerOf();
    expect(await read(a, "note://public")).toBe("public 1");
    expect(await read(b, "note://public")).toBe("public 2");
  });

  it("refuse a reload that changes shared, without its password", async () => {
    const { a } = await startTwo();
    const next = configOf({ shared: { redis: "redis://:secret@other" } });
    const refusal = await a.reload(next).catch((error: Error) => error.message);
    expect(refusal).toMatch(/^shared: expected .*restart the gateway to change it$/);
    expect(refusal).not.toContain("secret");
  });

  it("refuse to start without Redis, and name it", async () => {
    const file = await writeConfig(configOf({}, "redis://:secret@127.0.0.1:1"));
    onTestFinished(file.remove);
    const lutra = runLutra("gateway", file.path);
    const [said] = await lutra.line(/^.*shared: .*$/m);
    expect(said).toContain("redis at 127.0.0.1:1 is unreachable: connection refused");
    expect(said).not.toContain("secret");
    expect(await lutra.exited).toBe(1);
  });

  it("require the option openShared in a program", async () => {
    await expect(startGateway(configOf())).rejects.toThrow(
      'shared: requires the option "openShared", or the command "lutra gateway"',
    );
  });

  describe.skipIf(!hasRedisBinary)("while Redis is unavailable", () => {
    async function withoutServer(failure: "open" | "closed") {
      const own = await startRedis(true);
      onTestFinished(own.stop);
      const shared = { failure } as ConfigInput["shared"];
      const gateways = await startTwo({ ...perMinute(2), shared }, own.url);
      expect(await statusesOf([gateways.a])).toEqual([200]);
      await own.stop();
      return { ...gateways, own };
    }

    it("count alone with failure: open, report it, and return to Redis", async () => {
      const { a, b, notices, own } = await withoutServer("open");
      expect(await statusesOf([a, a, a, b, b, b])).toEqual([200, 200, 429, 200, 200, 429]);
      expect(notices.join("\n")).toContain("Redis is not available, this gateway counts alone");
      await own.start();
      await vi.waitFor(
        async () => {
          await statusesOf([a]);
          expect(notices.at(-1)).toBe("shared: Redis is available again");
        },
        { timeout: 20_000, interval: 100 },
      );
    });

    it("refuse limited requests with failure: closed", async () => {
      const { a, b } = await withoutServer("closed");
      const { status, headers, body } = await createPoster()(a.url, "tools/call", call("quick"));
      expect([status, headers["retry-after"]]).toEqual([503, "1"]);
      expect(body.error?.message).toBe("The limits of this gateway are unavailable");
      expect(await statusesOf([b])).toEqual([503]);
    });
  });
});

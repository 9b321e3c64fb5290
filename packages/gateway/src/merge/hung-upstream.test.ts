/** A merged server with an upstream that accepts connections and does not answer. */
import { metaKeys } from "lutra/protocol";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type PausableUpstream, startPausable } from "../fixtures/pausable-upstream.ts";
import { type Gateway, startGateway } from "../gateway.ts";

let good: PausableUpstream;
let hung: PausableUpstream;

beforeEach(async () => {
  good = await startPausable("good");
  hung = await startPausable("hung", { cache: { ttlMs: 1, cacheScope: "public" } });
  return async () => {
    await Promise.all([good.close(), hung.close()]);
  };
});

/** The part of an upstream that would be waited for lasts longer than a test. */
const timeouts = { partMs: 3_600_000 };
const health = { intervalMs: 20, timeoutMs: 1000, failures: 2, ejectMs: 100, maxEjectMs: 100 };

async function start(cache: object = {}): Promise<Gateway & { readonly notices: string[] }> {
  const notices: string[] = [];
  const gateway = await startGateway(
    {
      listen: { port: 0 },
      admin: false,
      log: false,
      drainMs: 1,
      cache,
      upstreams: { good: { url: good.url }, hung: { url: hung.url, timeouts, health } },
    },
    { notice: (line) => notices.push(line) },
  );
  onTestFinished(() => gateway.close());
  return { ...gateway, notices };
}

function stateOf(gateway: Gateway): string | undefined {
  return gateway.upstreams().find(({ name }) => name === "hung")?.replicas[0]?.state;
}

async function hang(gateway: Gateway): Promise<void> {
  hung.isPaused = true;
  await expect.poll(() => stateOf(gateway), { timeout: 10_000 }).toBe("out");
}

function post({ url }: Gateway, method: string, params: Readonly<Record<string, unknown>> = {}) {
  const _meta = {
    [metaKeys.protocolVersion]: "2026-07-28",
    [metaKeys.clientCapabilities]: {},
  };
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof params.uri === "string" && { "mcp-name": params.uri }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  });
}

async function ask(gateway: Gateway, method: string, params?: Readonly<Record<string, unknown>>) {
  const { result } = (await (await post(gateway, method, params)).json()) as {
    readonly result: { readonly _meta?: object; readonly tools?: readonly { name: string }[] };
  };
  return result;
}

const namesIn = ({ tools = [] }: Awaited<ReturnType<typeof ask>>) => tools.map(({ name }) => name);

describe("an upstream that is out", () => {
  it("is missing from merged results at once", async () => {
    hung.isPaused = true;
    const gateway = await start();
    await hang(gateway);
    const missing = { "dev.lutra/missing": ["hung"] };
    for (const method of ["server/discover", "tools/list", "resources/list"]) {
      expect((await ask(gateway, method))._meta, method).toMatchObject(missing);
    }
    expect(await ask(gateway, "resources/read", { uri: "good://x" })).toMatchObject({
      contents: [{ text: "good" }],
    });
  });

  it("does not delay the acknowledgment of a subscription", async () => {
    hung.isPaused = true;
    const gateway = await start();
    await hang(gateway);
    const before = hung.received.length;
    const response = await post(gateway, "subscriptions/listen", {
      notifications: { toolsListChanged: true },
    });
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain("acknowledged");
    await reader?.cancel();
    expect(hung.received.slice(before)).not.toContain("subscriptions/listen");
  });

  it("is named with its last list, if the cache may serve stale responses", async () => {
    const gateway = await start({ staleMs: 0 });
    await gateway.ready();
    expect(namesIn(await ask(gateway, "tools/list"))).toEqual(["good-tool", "hung-tool"]);
    await hang(gateway);
    const result = await ask(gateway, "tools/list");
    expect(namesIn(result)).toEqual(["good-tool", "hung-tool"]);
    expect(result).toMatchObject({ ttlMs: 0, _meta: { "dev.lutra/stale": ["hung"] } });
    expect(result._meta).not.toHaveProperty("dev.lutra/missing");
  });

  it("is reported once when it goes out, and once when it is available again", async () => {
    const gateway = await start();
    await gateway.ready();
    await hang(gateway);
    await ask(gateway, "tools/list");
    await ask(gateway, "tools/list");
    hung.isPaused = false;
    await expect.poll(() => stateOf(gateway)).not.toBe("out");
    const told = gateway.notices.filter((line) => line.startsWith('upstream "hung"'));
    expect(told).toEqual([
      expect.stringMatching(/^upstream "hung" is out, no replica is available: /),
      'upstream "hung" is available again',
    ]);
    expect(namesIn(await ask(gateway, "tools/list"))).toEqual(["good-tool", "hung-tool"]);
  });
});

it("waits for an upstream that is not out for its `partMs`", async () => {
  const notices: string[] = [];
  const gateway = await startGateway(
    {
      listen: { port: 0 },
      admin: false,
      log: false,
      drainMs: 1,
      upstreams: {
        good: { url: good.url },
        hung: {
          url: hung.url,
          timeouts: { partMs: 50 },
          health: { intervalMs: 3_600_000, timeoutMs: 3_600_000 },
        },
      },
    },
    { notice: (line) => notices.push(line) },
  );
  onTestFinished(() => gateway.close());
  hung.isPaused = true;
  expect((await ask(gateway, "tools/list"))._meta).toMatchObject({ "dev.lutra/missing": ["hung"] });
  expect(notices.at(-1)).toMatch(/did not answer within 50 ms$/);
});

/** The parts that a reload does not change: subscriptions, and the keys of modules. */
import { fileURLToPath } from "node:url";
import { type ConfigInput, type Gateway, startGateway } from "@lutra/gateway";
import { createClient, type Subscription } from "lutra/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ask } from "../cli/http.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";
import { startGatewayCommand } from "./start-gateway.ts";

let a: RecordingUpstream;
let b: RecordingUpstream;
beforeEach(async () => {
  [a, b] = await Promise.all([startRecordingUpstream("a"), startRecordingUpstream("b")]);
  return async () => {
    await Promise.all([a.close(), b.close()]);
  };
});

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(config: ConfigInput): Promise<Gateway> {
  const gateway = await startGateway(config, { notice: () => {} });
  closing.push(() => gateway.close());
  await gateway.ready();
  return gateway;
}

const quiet = { listen: { port: 0 }, admin: false, log: false } as const;
const twoServers = (changeB: object = {}): ConfigInput => ({
  ...quiet,
  upstreams: { a: { url: a.url }, b: { url: b.url, ...changeB } },
  routes: [{ match: { name: "b-*" }, to: "b" }, { to: "a" }],
});
const merged = (changes: object = {}): ConfigInput => ({
  ...quiet,
  upstreams: { a: { url: a.url }, b: { url: b.url } },
  ...changes,
});
const changed = { health: { failures: 9 } };

/** Opens subscriptions on one client. */
async function subscribe(url: string, count: number): Promise<readonly Subscription[]> {
  const client = createClient(url);
  closing.push(() => client.close());
  const open = () => client.listen({ toolsListChanged: true }, { relisten: "never" });
  return Promise.all(Array.from({ length: count }, open));
}

/** Resolves to the number of subscriptions that receive the next change. */
async function reached(subscriptions: readonly Subscription[], change: () => void) {
  const next = subscriptions.map((one) => one[Symbol.asyncIterator]().next());
  change();
  const results = await Promise.all(next);
  return results.filter(({ done }) => done !== true).length;
}

describe("a reload keeps all of 200 subscriptions", () => {
  it.each<[string, () => ConfigInput, () => ConfigInput]>([
    ["without a change, one server", twoServers, twoServers],
    ["without a change, merged servers", merged, merged],
    ["with a change of another upstream", twoServers, () => twoServers(changed)],
    ["with a change of times at shutdown", merged, () => merged({ drainMs: 1 })],
  ])("%s", async (_what, first, second) => {
    const gateway = await start(first());
    const subscriptions = await subscribe(gateway.url, 200);
    await gateway.reload(second());
    expect(await reached(subscriptions, () => a.changeTools())).toBe(200);
  });
});

describe("a reload ends the subscriptions gracefully", () => {
  it.each<[string, () => ConfigInput, () => ConfigInput]>([
    ["to an upstream that changed", merged, () => merged({ upstreams: { a: { url: a.url } } })],
    ["if the routes changed", merged, () => merged({ routes: [{ merge: ["a"] }] })],
    [
      "if the limits changed",
      twoServers,
      () => ({ ...twoServers(), limits: [{ concurrency: 100 }] }),
    ],
  ])("%s", async (_what, first, second) => {
    const gateway = await start(first());
    const subscriptions = await subscribe(gateway.url, 2);
    const ended = subscriptions.map((one) => one[Symbol.asyncIterator]().next());
    await gateway.reload(second());
    expect((await Promise.all(ended)).map(({ done }) => done)).toEqual([true, true]);
  });
});

describe("the keys of a configuration", () => {
  const module = fileURLToPath(new URL("../cli/fixtures/fleet-server.ts", import.meta.url));
  const key = (byte: number) => [{ id: "k", secret: Buffer.alloc(32, byte).toString("base64") }];
  const config = (keys: ConfigInput["keys"]): ConfigInput => ({
    ...quiet,
    keys,
    upstreams: { fleet: { module, replicas: 1 } },
  });

  it("are also those of modules, so that another gateway accepts their requestState", async () => {
    const [one, two, other] = await Promise.all([
      startGatewayCommand(config(key(1))),
      startGatewayCommand(config(key(1))),
      startGatewayCommand(config(key(2))),
    ]);
    const asked = await ask(one.url, "tools/call", { name: "ask" });
    const requestState = asked.body.result?.requestState;
    const inputResponses = { sure: { action: "accept", content: { sure: true } } };
    const params = { name: "ask", requestState, inputResponses };
    expect((await ask(other.url, "tools/call", params)).body.error?.code).toBe(-32602);
    const answer = await ask(two.url, "tools/call", params);
    expect(JSON.stringify(answer.body.result)).toContain("accept");
  });
});

import type { JSONObject, RequestContext, Serve } from "lutra/protocol";
import { createManualClock } from "lutra/testing";
import { describe, expect, it } from "vitest";
import {
  acknowledged,
  listenTo,
  type PlayedUpstream,
  playedUpstream,
  promptsChanged,
  toolsChanged,
} from "./fixtures/listening.ts";
import { contextOf, mergeOf, requestOf } from "./fixtures/upstreams.ts";
import { createRelay } from "./relay.ts";

const tools = { tools: { listChanged: true } };
const filter = { toolsListChanged: true };
const options = { pace: { baseMs: 1, maxMs: 1 }, random: () => 0, onWarning: () => {} };

const servers: readonly (readonly [string, (upstream: PlayedUpstream) => Serve])[] = [
  ["a relay", (upstream) => createRelay(upstream, options).serve],
  ["a merged server", (upstream) => mergeOf([upstream]).serve],
];

const streamsOf = (upstream: PlayedUpstream) => upstream.asked("subscriptions/listen").length;

describe.each(servers)("the clients of %s that subscribe to the same", (_what, serverOf) => {
  it("share one subscription to the upstream, which ends with the last of them", async () => {
    const a = playedUpstream("a", tools);
    const serve = serverOf(a);
    const first = listenTo(serve, filter);
    const stream = await a.streams.next();
    stream.acknowledge();
    await first.next();
    const others = Array.from({ length: 20 }, () => listenTo(serve, filter));
    for (const one of others) {
      expect(await one.next()).toEqual([acknowledged, { notifications: filter }]);
    }
    stream.send(toolsChanged);
    for (const one of [first, ...others]) expect(await one.next()).toEqual([toolsChanged, {}]);
    expect(streamsOf(a)).toBe(1);

    first.leave();
    await expect(first.result).rejects.toMatchObject({ reason: "aborted" });
    for (const one of others.slice(1)) one.leave();
    await Promise.allSettled(others.slice(1).map(({ result }) => result));
    expect(stream.signal.aborted).toBe(false);
    stream.send(toolsChanged);
    expect(await others[0]?.next()).toEqual([toolsChanged, {}]);
    others[0]?.leave();
    await expect(others[0]?.result).rejects.toMatchObject({ reason: "aborted" });
    expect(stream.signal.aborted).toBe(true);

    const late = listenTo(serve, filter);
    (await a.streams.next()).acknowledge();
    expect(await late.next()).toEqual([acknowledged, { notifications: filter }]);
    late.leave();
  });

  it("are all notified of a change that happened while the stream was interrupted", async () => {
    const a = playedUpstream("a", tools);
    const serve = serverOf(a);
    const clients = [listenTo(serve, filter), listenTo(serve, filter)];
    (await a.streams.next()).acknowledge();
    for (const one of clients) await one.next();
    a.breakOff();
    (await a.streams.next()).acknowledge();
    for (const one of clients) expect(await one.next()).toEqual([toolsChanged, {}]);
    expect(streamsOf(a)).toBe(2);
    for (const one of clients) one.leave();
  });
});

/** Opens a subscription. Resolves when the upstream has been asked, or to the acknowledgment. */
function open(
  serve: Serve,
  wanted: JSONObject,
  context: Partial<RequestContext> = {},
  capabilities: object = {},
): Promise<unknown> {
  return new Promise((resolve) => {
    const request = requestOf("subscriptions/listen", { notifications: wanted }, capabilities);
    const own = { ...contextOf(undefined, { notify: resolve }), ...context };
    serve(request, own).catch(resolve);
  });
}

const withHeaders = (headers: { readonly [name: string]: string }) => ({
  header: (name: string) => headers[name],
});

it.each<[string, Parameters<typeof open>[1], Partial<RequestContext>, object?]>([
  ["asks for other changes", { promptsListChanged: true }, {}],
  ["asks for more", { toolsListChanged: true, promptsListChanged: true }, {}],
  ["has a principal", filter, { principal: { id: "ada" } }],
  ["has credentials", filter, withHeaders({ authorization: "Bearer a" })],
  ["declares other capabilities", filter, {}, { elicitation: {} }],
])(
  "a client that %s has a subscription to the upstream of its own",
  async (_what, ...differing) => {
    const a = playedUpstream("a", { ...tools, prompts: { listChanged: true } });
    const { serve } = createRelay(a, options);
    const [wanted, context, capabilities] = differing;
    const all = [open(serve, filter), open(serve, wanted, context, capabilities)];
    (await a.streams.next()).acknowledge();
    (await a.streams.next()).acknowledge();
    await Promise.all(all);
    expect(streamsOf(a)).toBe(2);
  },
);

it("the shared subscription has nothing of its first client that others may lack", async () => {
  const a = playedUpstream("a", tools);
  const { serve } = createRelay(a, options);
  const request = requestOf("subscriptions/listen", { notifications: filter });
  const _meta = {
    ...(request.params?._meta as JSONObject),
    "io.modelcontextprotocol/clientInfo": { name: "first", version: "1" },
    baggage: "first=1",
  };
  void serve({ ...request, params: { ...request.params, _meta } }, contextOf()).catch(() => {});
  expect(JSON.stringify((await a.streams.next()).request)).not.toContain("first");
});

describe("a client that subscribes while the shared stream is down", () => {
  /** A stream that broke at the time 0 and is opened again after an hour, with its client. */
  async function interrupted() {
    const clock = createManualClock();
    const a = playedUpstream("a", tools);
    const b = playedUpstream("b", { prompts: { listChanged: true } });
    const pace = { baseMs: 100, maxMs: 3_600_000 };
    const { serve } = mergeOf([a, b], { now: clock.now, random: () => 1, pace });
    const wanted = { toolsListChanged: true, promptsListChanged: true };
    const client = listenTo(serve, wanted);
    const streamB = await b.streams.next();
    (await a.streams.next()).acknowledge();
    streamB.acknowledge();
    await client.next();
    a.isDown = true;
    a.breakOff();
    await new Promise((resolve) => setImmediate(resolve));
    return { a, clock, client, streamB, subscribe: () => listenTo(serve, wanted) };
  }

  it("is acknowledged without that upstream, and makes the gateway try again", async () => {
    const { a, clock, client, streamB, subscribe } = await interrupted();
    const next = subscribe();
    expect(await next.next()).toEqual([
      acknowledged,
      { notifications: { promptsListChanged: true } },
    ]);
    expect(streamsOf(a)).toBe(1);
    streamB.send(promptsChanged);
    expect(await next.next()).toEqual([promptsChanged, {}]);
    expect(await client.next()).toEqual([promptsChanged, {}]);

    a.isDown = false;
    clock.advance(100);
    const last = subscribe();
    (await a.streams.next()).acknowledge();
    expect(await client.next()).toEqual([toolsChanged, {}]);
    expect(streamsOf(a)).toBe(2);
    for (const one of [client, next, last]) one.leave();
  });
});

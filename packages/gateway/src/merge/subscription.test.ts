import type { RequestContext } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { playedUpstream } from "./fixtures/listening.ts";
import { contextOf, requestOf } from "./fixtures/upstreams.ts";
import { createSubscriptions } from "./subscription.ts";

const filter = { toolsListChanged: true };
const limits = { maxSubscriptions: 30, maxSubscriptionBytes: 100_000, callerShare: 0.1 };

/** Subscribes as clients do. The upstream acknowledges at once. */
function subscriber() {
  const upstream = playedUpstream("a", { tools: { listChanged: true } });
  const subscriptions = createSubscriptions({}, limits);
  const branch = { upstream, filter, agreed: () => filter, translate: () => undefined };
  const acknowledgeAll = async () => {
    for (;;) (await upstream.streams.next()).acknowledge();
  };
  void acknowledgeAll();
  return (own: Partial<RequestContext>, notifications: object = filter) => {
    const controller = new AbortController();
    let notify = () => {};
    const opened = new Promise<void>((resolve) => {
      notify = resolve;
    });
    const context = { ...contextOf(), signal: controller.signal, notify: () => notify(), ...own };
    const request = requestOf("subscriptions/listen", { notifications });
    const result = subscriptions.open([branch], { request, context });
    result.catch(() => {});
    return { opened, result, leave: () => controller.abort() };
  };
}

const tooMany = { status: 429 };

describe("the open subscriptions of a route", () => {
  it("are limited for each caller, whose place is free again at the end", async () => {
    const subscribe = subscriber();
    const here = { address: "198.51.100.1" };
    const own = [subscribe(here), subscribe(here), subscribe(here)];
    await Promise.all(own.map(({ opened }) => opened));
    await expect(subscribe(here).result).rejects.toMatchObject(tooMany);
    await subscribe({ address: "198.51.100.2" }).opened;
    await subscribe({ ...here, principal: { id: "anna" } }).opened;

    own[0]?.leave();
    await expect(own[0]?.result).rejects.toMatchObject({ reason: "aborted" });
    await subscribe(here).opened;
    await expect(subscribe(here).result).rejects.toMatchObject(tooMany);
  });

  it("are limited in all", async () => {
    const subscribe = subscriber();
    const all = Array.from({ length: 30 }, (_, index) => subscribe({ address: `10.0.0.${index}` }));
    await Promise.all(all.map(({ opened }) => opened));
    await expect(subscribe({ address: "10.0.1.1" }).result).rejects.toMatchObject(tooMany);
  });

  it("are limited by the size of their filters", async () => {
    const subscribe = subscriber();
    const large = { resourceSubscriptions: ["x".repeat(11_000)] };
    await expect(subscribe({}, large).result).rejects.toMatchObject(tooMany);
    await subscribe({}).opened;
  });
});

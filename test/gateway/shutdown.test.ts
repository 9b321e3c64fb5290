/** The shutdown of a gateway. */
import type { ConfigInput } from "@lutra/gateway";
import { createClient, type Subscription } from "lutra/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callTool, messagesOf, send } from "../cli/http.ts";
import { startLoad } from "./load.ts";
import { type RecordingUpstream, startRecordingUpstream } from "./recording-upstream.ts";
import { startGatewayCommand } from "./start-gateway.ts";

let a: RecordingUpstream;
let b: RecordingUpstream;

beforeEach(async () => {
  [a, b] = await Promise.all([startRecordingUpstream("a"), startRecordingUpstream("b")]);
});

afterEach(async () => {
  await Promise.all([a.close(), b.close()]);
});

const quiet = { listen: { port: 0 }, admin: false, log: false } as const;

const shapes: { readonly [what: string]: () => ConfigInput } = {
  "unread bodies": () => ({
    ...quiet,
    upstreams: { only: { url: a.url, verify: "upstream" } },
  }),
  "parsed bodies": () => ({
    ...quiet,
    upstreams: { only: { url: a.url, verify: "gateway" } },
  }),
  "two merged upstreams": () => ({
    ...quiet,
    upstreams: { a: { url: a.url }, b: { url: b.url } },
  }),
};

describe.each(Object.entries(shapes))("a gateway with %s", (what, configOf) => {
  const hold = what === "two merged upstreams" ? "a.hold" : "hold";

  it("ends subscriptions gracefully, finishes what is in flight, and exits with 0", async () => {
    const gateway = await startGatewayCommand(configOf());
    const client = createClient(gateway.url);
    const subscription = await client.listen({ toolsListChanged: true }, { relisten: "never" });
    const raw = messagesOf(
      await send(gateway.url, "subscriptions/listen", {
        notifications: { toolsListChanged: true },
      }),
    );
    await raw.next();
    const called = callTool(gateway.url, hold);
    await a.held();

    gateway.child.kill("SIGTERM");
    expect(await next(subscription)).toBeUndefined();
    // A graceful end sends a result; a broken connection would send none.
    expect((await raw.next()).value).toMatchObject({ id: 1, result: { resultType: "complete" } });
    expect((await raw.next()).done).toBe(true);
    await expect(fetch(gateway.url, { method: "POST" })).rejects.toThrow();

    a.release();
    expect(await called).toMatchObject({
      status: 200,
      body: { result: { content: [{ text: "a: held" }] } },
    });
    expect(await gateway.exited).toBe(0);
    await client.close();
  });

  it("waits no longer than drainMs", async () => {
    const gateway = await startGatewayCommand({ ...configOf(), drainMs: 200 });
    const called = callTool(gateway.url, hold).then(
      ({ status }) => status,
      () => "cut off",
    );
    await a.held();
    gateway.child.kill("SIGTERM");
    expect(await gateway.exited).toBe(0);
    expect(await called).not.toBe(200);
  });

  it("answers every call that reached an upstream", async () => {
    const gateway = await startGatewayCommand(configOf());
    const load = startLoad(gateway.url, hold.replace("hold", "who"), 8);
    await load.until("a");
    gateway.child.kill("SIGTERM");
    expect(await gateway.exited).toBe(0);
    // Other calls found the listener closed, or used an idle connection that was just closed.
    const { answers } = await load.stop();
    expect(a.calls).toHaveLength(answers);
  });
});

async function next(subscription: Subscription) {
  const { value } = await subscription[Symbol.asyncIterator]().next();
  return value;
}

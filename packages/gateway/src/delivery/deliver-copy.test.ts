import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { createManualTime } from "../replicas/fixtures/manual-time.ts";
import { createHttpUpstream, type HttpUpstream } from "../upstreams/http-upstream.ts";
import {
  after,
  answer,
  answerTo,
  deadUrl,
  open,
  send,
  startFront,
  startReplica,
  textOf,
  upstreamConfig,
} from "./fixtures/front.ts";

function shadowAt(url: string): HttpUpstream {
  const shadow = createHttpUpstream("shadow", upstreamConfig([url]));
  after(() => shadow.close(0));
  return shadow;
}

/** Starts a front whose shadow records the bodies of its requests. */
async function startShadowed() {
  const bodies: string[] = [];
  const replica = await startReplica(answer("ok"));
  const { url } = await startReplica(async (req, res) => {
    bodies.push(await textOf(req));
    res.end("from the shadow");
  });
  const front = await startFront([replica.url], {}, { shadow: shadowAt(url).copy });
  return { replica, front, bodies };
}

it("sends a copy to the shadow, and only the upstream's answer to the client", async () => {
  const { front, bodies } = await startShadowed();
  expect((await send(front, "tools/list", { body: '{"a":1}' })).body).toBe("ok");
  await expect.poll(() => bodies).toEqual(['{"a":1}']);
});

it("copies a body that arrives in pieces once it is complete", async () => {
  const { front, bodies } = await startShadowed();
  const req = open(front, "tools/list");
  req.write("first ");
  await expect.poll(() => front.records.length).toBe(1);
  req.end("second");
  expect((await answerTo(req)).body).toBe("ok");
  await expect.poll(() => bodies).toEqual(["first second"]);
});

it("does not copy a streamed body of more than 64 KiB", async () => {
  const { replica, front, bodies } = await startShadowed();
  const req = open(front, "tools/list");
  req.write(Buffer.alloc(65_537));
  await expect.poll(() => replica.count()).toBe(1);
  req.end("more");
  expect((await answerTo(req)).body).toBe("ok");
  await send(front, "tools/list", { body: "small" });
  await expect.poll(() => bodies).toEqual(["small"]);
});

it.each(["closes its connections", "is unreachable", "never answers"])(
  "answers the client as usual when the shadow %s",
  async (how) => {
    const replica = await startReplica(answer("ok"));
    const broken = await startReplica((req) => {
      if (how === "closes its connections") req.socket.destroy();
    });
    const url = how === "is unreachable" ? await deadUrl() : broken.url;
    const front = await startFront([replica.url], {}, { shadow: shadowAt(url).copy });
    for (let call = 0; call < 3; call += 1) {
      expect(await send(front, "tools/call")).toMatchObject({ status: 200, body: "ok" });
    }
  },
);

it("aborts a copy whose answer takes too long", async () => {
  const replica = await startReplica(answer("ok"));
  let closed: Promise<unknown> = new Promise(() => {});
  const silent = await startReplica((req, res) => {
    req.resume();
    closed = once(res, "close");
  });
  const time = createManualTime();
  const config = upstreamConfig([silent.url], { timeouts: { firstByteMs: 1000 } });
  const shadow = createHttpUpstream("shadow", config, { clock: time });
  after(() => shadow.close(0));
  const front = await startFront([replica.url], {}, { shadow: shadow.copy });
  await send(front, "tools/call");
  await expect.poll(() => silent.count()).toBe(1);
  expect(shadow.status().inFlight).toBe(1);
  time.advance(2000);
  await closed;
  expect(shadow.status().inFlight).toBe(0);
});

it("drops copies while 64 are in flight", async () => {
  const replica = await startReplica(answer("ok"));
  const silent = await startReplica((req) => void req.resume());
  const shadow = shadowAt(silent.url);
  const front = await startFront([replica.url], {}, { shadow: shadow.copy });
  for (let call = 0; call < 70; call += 1) await send(front, "tools/call");
  await expect.poll(() => silent.count()).toBe(64);
  for (let count = 0; count < 50; count += 1) await turn();
  expect([silent.count(), shadow.status().inFlight]).toEqual([64, 64]);
});

it("does not copy a request whose response stays open", async () => {
  const replica = await startReplica(answer("ok"));
  const shadow = await startReplica(answer("ok"));
  const front = await startFront([replica.url], {}, { shadow: shadowAt(shadow.url).copy });
  await send(front, "subscriptions/listen");
  await send(front, "tools/list");
  await expect.poll(() => shadow.count()).toBe(1);
});

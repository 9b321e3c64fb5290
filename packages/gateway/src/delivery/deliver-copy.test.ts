import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
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

/** A replica that notes the bodies it gets. */
async function startNoting() {
  const bodies: string[] = [];
  const replica = await startReplica(async (req, res) => {
    bodies.push(await textOf(req));
    res.end("from the shadow");
  });
  return { bodies, url: replica.url };
}

it("a copy goes to the shadow, and only the answer of the upstream to the client", async () => {
  const replica = await startReplica(answer("ok"));
  const { bodies, url } = await startNoting();
  const front = await startFront([replica.url], {}, { shadow: shadowAt(url).copy });
  expect((await send(front, "tools/list", { body: '{"a":1}' })).body).toBe("ok");
  await expect.poll(() => bodies).toEqual(['{"a":1}']);
});

it("a body that comes in pieces is copied when it is complete", async () => {
  const replica = await startReplica(answer("ok"));
  const { bodies, url } = await startNoting();
  const front = await startFront([replica.url], {}, { shadow: shadowAt(url).copy });
  const req = open(front, "tools/list");
  req.write("first ");
  await expect.poll(() => replica.count()).toBe(1);
  req.end("second");
  expect((await answerTo(req)).body).toBe("ok");
  await expect.poll(() => bodies).toEqual(["first second"]);
});

it("a body that is streamed and larger than 64 KiB is not copied", async () => {
  const replica = await startReplica(answer("ok"));
  const { bodies, url } = await startNoting();
  const front = await startFront([replica.url], {}, { shadow: shadowAt(url).copy });
  const req = open(front, "tools/list");
  req.write(Buffer.alloc(65_536));
  await expect.poll(() => replica.count()).toBe(1);
  req.end("more");
  expect((await answerTo(req)).body).toBe("ok");
  await send(front, "tools/list", { body: "small" });
  await expect.poll(() => bodies).toEqual(["small"]);
});

it.each(["breaks off", "is not there", "never answers"])(
  "the client does not notice that the shadow %s",
  async (how) => {
    const replica = await startReplica(answer("ok"));
    const broken = await startReplica((req) => {
      if (how === "breaks off") req.socket.destroy();
    });
    const url = how === "is not there" ? await deadUrl() : broken.url;
    const front = await startFront([replica.url], {}, { shadow: shadowAt(url).copy });
    for (let call = 0; call < 3; call += 1) {
      expect(await send(front, "tools/call")).toMatchObject({ status: 200, body: "ok" });
    }
  },
);

it("at most 64 copies are under way; more are dropped", async () => {
  const replica = await startReplica(answer("ok"));
  const silent = await startReplica((req) => void req.resume());
  const shadow = shadowAt(silent.url);
  const front = await startFront([replica.url], {}, { shadow: shadow.copy });
  for (let call = 0; call < 70; call += 1) await send(front, "tools/call");
  await expect.poll(() => silent.count()).toBe(64);
  for (let count = 0; count < 50; count += 1) await turn();
  expect([silent.count(), shadow.status().inFlight]).toEqual([64, 64]);
});

it("what stays open is not copied", async () => {
  const replica = await startReplica(answer("ok"));
  const shadow = await startReplica(answer("ok"));
  const front = await startFront([replica.url], {}, { shadow: shadowAt(shadow.url).copy });
  await send(front, "subscriptions/listen");
  await send(front, "tools/list");
  await expect.poll(() => shadow.count()).toBe(1);
});

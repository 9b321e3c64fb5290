import { openRedis } from "@lutra/stores/redis";
import { eventGapTopic, StoreUnavailableError } from "lutra/stores";
import { expect, it } from "vitest";
import { hasRedisBinary, startRedis, withoutRedis } from "./redis-server.ts";

it.skipIf(!hasRedisBinary)(`Redis (${withoutRedis}) recovers from an outage`, async () => {
  const own = await startRedis(true);
  const [one, other] = await Promise.all([
    openRedis(own.url, { onError: () => {} }),
    openRedis(own.url, { onError: () => {} }),
  ]);
  const gap = new Promise<void>((resolve) => {
    other.events.subscribe(eventGapTopic, () => resolve());
  });
  await own.stop();
  const begun = performance.now();
  const refused = [
    one.replayGuard.claim("a", 1000),
    one.responseCache.get({ server: "s", method: "m", params: "{}", partition: "p" }),
    one.events.publish("refused", {}),
  ];
  for (const call of await Promise.allSettled(refused)) {
    const reason = call.status === "rejected" ? call.reason : undefined;
    expect(reason).toBeInstanceOf(StoreUnavailableError);
    expect(reason).toMatchObject({ status: 503, retryAfterMs: 2000 });
  }
  expect(performance.now() - begun).toBeLessThan(4000);
  // An ignored rejection must not end the process. Waiting events may still arrive.
  void one.events.publish("refused", {});
  await own.start();
  await gap;
  const heard = new Promise((resolve) => {
    other.events.subscribe("topic", resolve);
  });
  const publish = async (): Promise<void> => {
    try {
      await one.events.publish("topic", { n: 1 });
    } catch {
      await publish();
    }
  };
  await publish();
  expect(await heard).toEqual({ n: 1 });
  expect(await one.replayGuard.claim("a", 1000)).toBe(true);
  await Promise.all([one.close(), other.close()]);
  await own.stop();
});

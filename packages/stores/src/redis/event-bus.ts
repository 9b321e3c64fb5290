/** Events over Redis. All topics share one channel, so that subscriptions begin at once. */
import type { Redis } from "ioredis";
import type { EventBus } from "lutra/stores";
import { RelayedBus } from "../relayed-bus.ts";
import { withRedis } from "./connection.ts";

/** Interval in which the listening connection is checked, in milliseconds. It sends nothing else. */
const checkMs = 3000;

export interface RedisEventBusOptions {
  readonly publisher: Redis;
  /** A separate connection, because a subscribed one accepts no other commands. */
  readonly subscriber: Redis;
  readonly channel: string;
  readonly onError: (error: unknown) => void;
}

/** Creates a bus. Resolves when it receives the events of others. */
export async function createRedisEventBus(options: RedisEventBusOptions): Promise<EventBus> {
  const { publisher, subscriber, channel, onError } = options;
  const bus = new RelayedBus({
    send: (message) =>
      withRedis(publisher, async (redis) => void (await redis.publish(channel, message))),
    onError,
  });
  subscriber.on("message", (_channel: string, message: string) => bus.receive(message));
  await subscriber.subscribe(channel);
  checkRegularly(subscriber);
  publisher.on("ready", () => bus.reportLosses());
  subscriber.on("ready", () => {
    subscriber
      .subscribe(channel)
      .then(() => bus.resume())
      .catch((error) => {
        onError(error);
        // Reconnects, because a connection without a subscription would receive nothing.
        if (subscriber.status === "ready") subscriber.disconnect(true);
      });
  });
  return bus;
}

/** Sends a command regularly, so that a connection without a server is noticed and replaced. */
function checkRegularly(subscriber: Redis): void {
  const timer = setInterval(() => {
    if (subscriber.status === "ready") subscriber.ping().catch(() => {});
  }, checkMs);
  timer.unref();
  subscriber.on("end", () => clearInterval(timer));
}

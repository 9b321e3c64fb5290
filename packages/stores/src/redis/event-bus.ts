/** Events over Redis: one channel for all topics, since a subscription may not begin late. */
import type { Redis } from "ioredis";
import type { EventBus } from "lutra/stores";
import { RelayedBus } from "../relayed-bus.ts";
import { withRedis } from "./connection.ts";

export interface RedisEventBusOptions {
  readonly publisher: Redis;
  /** A connection of its own: one that listens takes no other commands. */
  readonly subscriber: Redis;
  readonly channel: string;
  readonly onError: (error: unknown) => void;
}

/** Makes a bus; resolves when it hears the others. */
export async function createRedisEventBus(options: RedisEventBusOptions): Promise<EventBus> {
  const { publisher, subscriber, channel, onError } = options;
  const bus = new RelayedBus({
    send: (message) =>
      withRedis(publisher, async (redis) => void (await redis.publish(channel, message))),
    onError,
  });
  subscriber.on("message", (_channel: string, message: string) => bus.receive(message));
  await subscriber.subscribe(channel);
  subscriber.on("ready", () => {
    subscriber
      .subscribe(channel)
      .then(() => bus.resume())
      .catch((error) => {
        onError(error);
        // A connection that is open and does not listen would hear nothing for ever.
        if (subscriber.status === "ready") subscriber.disconnect(true);
      });
  });
  return bus;
}

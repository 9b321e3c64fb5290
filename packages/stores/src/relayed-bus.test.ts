import { eventGapTopic, StoreUnavailableError } from "lutra/stores";
import { expect, it, vi } from "vitest";
import { decodeEvent } from "./event-message.ts";
import { RelayedBus } from "./relayed-bus.ts";

it("notifies others of a gap with the next event after lost ones", async () => {
  const topics: (string | undefined)[] = [];
  let isDown = true;
  const send = async (message: string) => {
    if (isDown) throw new StoreUnavailableError("test", new Error("down"));
    topics.push(decodeEvent(message)?.topic);
  };
  const heard = vi.fn();
  const bus = new RelayedBus({ send, onError: () => {} });
  bus.subscribe(eventGapTopic, heard);
  for (const topic of ["a", "b"]) {
    await expect(bus.publish(topic, {})).rejects.toBeInstanceOf(StoreUnavailableError);
  }
  isDown = false;
  await bus.publish("c", {});
  await bus.publish("d", {});
  expect(topics).toEqual(["c", eventGapTopic, "d"]);
  expect(heard).not.toHaveBeenCalled();
});

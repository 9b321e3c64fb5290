import { expect, it } from "vitest";
import { Channel, ChannelClosedError } from "./channel.ts";
import { FakeEnd } from "./fixtures/fake-end.ts";

it("resolves a question with the answer, and rejects with the error of the other end", async () => {
  const end = new FakeEnd();
  const channel = new Channel(end);
  const answered = channel.ask("claim", { id: "a", ttlMs: 1 });
  const refused = channel.ask("claim", { id: "b", ttlMs: 1 });
  const [first, second] = end.sent.map(({ message }) => message.id);
  end.receive({ answers: first as number, value: true });
  end.receive({ answers: second as number, error: "no" });
  expect(await answered).toBe(true);
  await expect(refused).rejects.toThrow("no");
});

it("rejects questions without an answer, and later ones, once the other end has closed", async () => {
  const end = new FakeEnd();
  const channel = new Channel(end);
  const pending = channel.ask("state", undefined);
  end.close();
  await expect(pending).rejects.toThrow(ChannelClosedError);
  await expect(channel.ask("state", undefined)).rejects.toThrow(ChannelClosedError);
});

it("drops what may be lost above 32 MiB, until the other end reads", () => {
  const end = new FakeEnd({ isReading: false });
  const channel = new Channel(end);
  const half = 16_000_000;
  expect(channel.offer("log", "a", half)).toBe(true);
  expect(channel.offer("log", "b", half)).toBe(true);
  expect(channel.offer("log", "c", half)).toBe(false);
  channel.tell("notice", "kept");
  expect(end.sent.map(({ message }) => message.value)).toEqual(["a", "b", "kept"]);
  end.read();
  expect(channel.offer("log", "d", half)).toBe(true);
});

it("answers a question for which it fails with the message of the error", async () => {
  const end = new FakeEnd();
  const channel = new Channel(end);
  channel.on("ready", () => {
    throw new Error("not now");
  });
  end.receive({ name: "ready", value: {}, id: 5 });
  await expect
    .poll(() => end.sent.map(({ message }) => message))
    .toMatchObject([{ answers: 5, error: "not now" }]);
});

import { once } from "node:events";
import { PassThrough, Writable } from "node:stream";
import { expect, it } from "vitest";
import { createLineWriter } from "./line-writer.ts";

/** A stream whose reader takes one write for each call of `take`. */
function slowStream() {
  const chunks: string[] = [];
  let take = (): void => {};
  const stream = new Writable({
    highWaterMark: 10,
    write: (chunk, _encoding, done) => {
      chunks.push(String(chunk));
      take = done;
    },
  });
  return { stream, chunks, take: () => take() };
}

it("writes the messages of one turn at once, each on its own line", async () => {
  const { stream, chunks } = slowStream();
  const writer = createLineWriter(stream);
  void writer.write('{"a":1}');
  void writer.write('{"b":"\\n"}');
  expect(chunks).toEqual([]);
  await new Promise(process.nextTick);
  expect(chunks).toEqual(['{"a":1}\n{"b":"\\n"}\n']);
});

it("returns a promise while the reader is behind, which resolves when it has caught up", async () => {
  const { stream, take } = slowStream();
  const writer = createLineWriter(stream);
  expect(writer.write("0123456789")).toBeUndefined();
  await new Promise(process.nextTick);
  const caughtUp = writer.caughtUp();
  expect(caughtUp).toBeInstanceOf(Promise);
  expect(writer.caughtUp()).toBe(caughtUp);
  take();
  await caughtUp;
  expect(writer.caughtUp()).toBeUndefined();
  expect(stream.listenerCount("drain")).toBe(0);
});

it("throws above the limit for a reader that does not read", () => {
  const writer = createLineWriter(slowStream().stream, 10);
  void writer.write("one message may pass the bound");
  expect(() => writer.write("{}")).toThrow(expect.objectContaining({ reason: "closed" }));
});

it("flushes all messages", async () => {
  const { stream, chunks, take } = slowStream();
  const writer = createLineWriter(stream);
  void writer.write("{}");
  const flushed = writer.flush();
  expect(chunks).toEqual(["{}\n"]);
  take();
  await flushed;
});

it("drops messages after the end of the stream, and flushes nothing", async () => {
  const stream = new PassThrough();
  const writer = createLineWriter(stream);
  void writer.write("{}");
  stream.destroy();
  await once(stream, "close");
  expect(writer.write("{}")).toBeUndefined();
  expect(writer.caughtUp()).toBeUndefined();
  await writer.flush();
});

it("bypasses a guard that was installed later", async () => {
  const { stream, chunks } = slowStream();
  const writer = createLineWriter(stream);
  stream.write = () => false;
  void writer.write("{}");
  void writer.flush();
  expect(chunks).toEqual(["{}\n"]);
});

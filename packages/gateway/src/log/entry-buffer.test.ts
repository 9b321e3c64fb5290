import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { EntryBuffer } from "./entry-buffer.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const lineOf = (line: string) => `${line}\n`;

function start() {
  const written: string[] = [];
  return {
    written,
    entries: new EntryBuffer({ write: (lines) => void written.push(lines) }, lineOf),
  };
}

it("entries are written as one batch after 250 ms", () => {
  const { entries, written } = start();
  entries.add("a");
  vi.advanceTimersByTime(100);
  entries.add("b");
  expect(written).toEqual([]);
  vi.advanceTimersByTime(150);
  expect(written).toEqual(["a\nb\n"]);
  expect(vi.getTimerCount()).toBe(0);
});

it("a batch of 512 entries is written at once", () => {
  const { entries, written } = start();
  for (let count = 0; count < 513; count += 1) entries.add("x");
  expect(written).toEqual(["x\n".repeat(512)]);
  entries.flush();
  expect(written).toEqual(["x\n".repeat(512), "x\n"]);
  expect(vi.getTimerCount()).toBe(0);
});

it("flush resolves once the destination has written everything", async () => {
  const { written } = start();
  let onEnd = () => {};
  const out = {
    write: (lines: string) => void written.push(lines),
    flush: (then: () => void) => {
      onEnd = then;
    },
  };
  const entries = new EntryBuffer(out, lineOf);
  entries.add("last");
  let isFlushed = false;
  const flushed = entries.flush().then(() => {
    isFlushed = true;
  });
  expect(written).toEqual(["last\n"]);
  await Promise.resolve();
  expect(isFlushed).toBe(false);
  onEnd();
  await flushed;
  expect(vi.getTimerCount()).toBe(0);
});

it("flush resolves after a second if the destination never finishes", async () => {
  const entries = new EntryBuffer({ write: () => {}, flush: () => {} }, lineOf);
  entries.add("last");
  const onFlushed = vi.fn();
  const flushed = entries.flush().then(onFlushed);
  await vi.advanceTimersByTimeAsync(999);
  expect(onFlushed).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await flushed;
  expect(onFlushed).toHaveBeenCalledOnce();
});

it("lines keep their order", () => {
  const { entries, written } = start();
  const long = "x".repeat(70_000);
  for (const each of ["first", "é€😀", long, "last"]) entries.add(each);
  entries.flush();
  expect(written).toEqual([`first\né€😀\n${long}\nlast\n`]);
});

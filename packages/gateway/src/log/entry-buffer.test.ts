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
    lines: new EntryBuffer({ write: (bytes) => void written.push(bytes.toString()) }, lineOf),
  };
}

it("hands lines on together, a quarter of a second later at the latest", () => {
  const { lines, written } = start();
  lines.add("a");
  vi.advanceTimersByTime(100);
  lines.add("b");
  expect(written).toEqual([]);
  vi.advanceTimersByTime(150);
  expect(written).toEqual(["a\nb\n"]);
  expect(vi.getTimerCount()).toBe(0);
});

it("hands them on at once when many wait", () => {
  const { lines, written } = start();
  for (let count = 0; count < 513; count += 1) lines.add("x");
  expect(written).toEqual(["x\n".repeat(512)]);
  lines.flush();
  expect(written).toEqual(["x\n".repeat(512), "x\n"]);
  expect(vi.getTimerCount()).toBe(0);
});

it("is flushed when what it handed on is written", async () => {
  const { written } = start();
  let onEnd = () => {};
  const out = {
    write: (bytes: Buffer) => void written.push(bytes.toString()),
    flush: (then: () => void) => {
      onEnd = then;
    },
  };
  const lines = new EntryBuffer(out, lineOf);
  lines.add("last");
  let isFlushed = false;
  const flushed = lines.flush().then(() => {
    isFlushed = true;
  });
  expect(written).toEqual(["last\n"]);
  await Promise.resolve();
  expect(isFlushed).toBe(false);
  onEnd();
  await flushed;
  expect(vi.getTimerCount()).toBe(0);
});

it("does not flush a destination that has got nothing", async () => {
  const flush = vi.fn();
  await new EntryBuffer({ write: () => {}, flush }, lineOf).flush();
  expect(flush).not.toHaveBeenCalled();
});

it("waits a second at most for a destination that takes nothing", async () => {
  const lines = new EntryBuffer({ write: () => {}, flush: () => {} }, lineOf);
  lines.add("last");
  const flushed = lines.flush();
  vi.advanceTimersByTime(1000);
  await flushed;
});

it.each([
  ["characters beyond ASCII", "é€😀".repeat(100)],
  ["a long line", "x".repeat(70_000)],
  ["a lone surrogate, as a replacement character", "\ud800"],
])("keeps the order of lines, and %s", (_what, line) => {
  const { lines, written } = start();
  for (const each of ["first", line, "last"]) lines.add(each);
  lines.flush();
  expect(written.join("")).toBe(`first\n${line.replace("\ud800", "\ufffd")}\nlast\n`);
});

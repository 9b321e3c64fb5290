import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LineBuffer } from "./line-buffer.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function start() {
  const written: string[] = [];
  return { written, lines: new LineBuffer({ write: (text: string) => void written.push(text) }) };
}

it("hands lines on together, a quarter of a second later at the latest", () => {
  const { lines, written } = start();
  lines.write("a\n");
  vi.advanceTimersByTime(100);
  lines.write("b\n");
  expect(written).toEqual([]);
  vi.advanceTimersByTime(150);
  expect(written).toEqual(["a\nb\n"]);
  expect(vi.getTimerCount()).toBe(0);
});

it("hands them on at once when much waits", () => {
  const { lines, written } = start();
  const line = `${"x".repeat(1023)}\n`;
  for (let count = 0; count < 32; count += 1) lines.write(line);
  expect(written).toEqual([line.repeat(32)]);
  expect(vi.getTimerCount()).toBe(0);
});

it("hands on what waits when it is flushed", () => {
  const flushed: string[] = [];
  const waiting: string[] = [];
  const lines = new LineBuffer({
    write: (text: string) => void waiting.push(text),
    flushSync: () => void flushed.push(...waiting.splice(0)),
  });
  lines.write("last\n");
  lines.flush();
  expect(flushed).toEqual(["last\n"]);
});

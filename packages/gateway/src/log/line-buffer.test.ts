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
  return {
    written,
    lines: new LineBuffer({ write: (bytes) => void written.push(bytes.toString()) }),
  };
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

it("hands them on at once when there is no room for one more", () => {
  const { lines, written } = start();
  const line = `${"x".repeat(1023)}\n`;
  for (let count = 0; count < 65; count += 1) lines.write(line);
  expect(written).toEqual([line.repeat(64)]);
  lines.flush();
  expect(written).toEqual([line.repeat(64), line]);
  expect(vi.getTimerCount()).toBe(0);
});

it("hands on what waits when it is flushed", () => {
  const flushed: string[] = [];
  const waiting: string[] = [];
  const lines = new LineBuffer({
    write: (bytes) => void waiting.push(bytes.toString()),
    flushSync: () => void flushed.push(...waiting.splice(0)),
  });
  lines.write("last\n");
  lines.flush();
  expect(flushed).toEqual(["last\n"]);
});

it.each([
  ["characters beyond ASCII", `${"é€😀".repeat(100)}\n`],
  ["a line longer than all that may wait", `${"x".repeat(70_000)}\n`],
  ["a lone surrogate, as a replacement character", "\ud800\n"],
])("keeps the order of lines, and %s", (_what, line) => {
  const { lines, written } = start();
  for (const each of ["first\n", line, "last\n"]) lines.write(each);
  lines.flush();
  expect(written.join("")).toBe(`first\n${line.replace("\ud800", "\ufffd")}last\n`);
});

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

it("is flushed when what it handed on is written", async () => {
  const { written } = start();
  let onEnd = () => {};
  const lines = new LineBuffer({
    write: (bytes) => void written.push(bytes.toString()),
    flush: (then) => {
      onEnd = then;
    },
  });
  lines.write("last\n");
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
  await new LineBuffer({ write: () => {}, flush }).flush();
  expect(flush).not.toHaveBeenCalled();
});

it("waits a second at most for a destination that takes nothing", async () => {
  const lines = new LineBuffer({ write: () => {}, flush: () => {} });
  lines.write("last\n");
  const flushed = lines.flush();
  vi.advanceTimersByTime(1000);
  await flushed;
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

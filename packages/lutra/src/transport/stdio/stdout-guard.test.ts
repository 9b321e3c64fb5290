import { afterEach, expect, it, vi } from "vitest";
import { guardStdout } from "./stdout-guard.ts";

const { stdout } = process;
const own = { write: stdout.write, end: stdout.end };

afterEach(() => {
  Object.assign(stdout, own);
  vi.restoreAllMocks();
});

it("redirects stdout to stderr until it is released", () => {
  const toStderr = vi.spyOn(process.stderr, "write").mockReturnValue(false);
  const toStdout = vi.fn(() => true);
  stdout.write = toStdout;
  const release = guardStdout();
  const done = () => {};
  expect(stdout.write("text", "utf8", done)).toBe(false);
  expect(toStderr).toHaveBeenLastCalledWith("text", "utf8", done);
  expect(stdout.end("last")).toBe(stdout);
  expect(toStderr).toHaveBeenLastCalledWith("last");
  stdout.end();
  expect(toStderr).toHaveBeenCalledTimes(2);
  expect(toStdout).not.toHaveBeenCalled();
  release();
  stdout.write("text");
  expect(toStdout).toHaveBeenCalledExactlyOnceWith("text");
});

it("keeps a replacement of write that was installed meanwhile", () => {
  const release = guardStdout();
  const later = vi.fn(() => true);
  stdout.write = later;
  release();
  expect(stdout.write).toBe(later);
});

it("rejects a second guard", () => {
  const release = guardStdout();
  expect(guardStdout).toThrow(TypeError);
  release();
  guardStdout()();
});

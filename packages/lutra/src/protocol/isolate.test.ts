import { afterEach, describe, expect, it, vi } from "vitest";
import { isolate } from "./isolate.ts";

afterEach(() => void vi.restoreAllMocks());

/** An error that throws when it is printed. */
function unprintable(): Error {
  return Object.defineProperty(new Error("a"), "name", {
    get: () => {
      throw new Error("unprintable");
    },
  });
}

describe("an isolated callback", () => {
  it("gets the arguments of its caller", () => {
    const callback = vi.fn();
    isolate(callback)(1, "a");
    expect(callback).toHaveBeenCalledWith(1, "a");
  });

  const error = new Error("no");
  it.each([
    ["throws an error", throwing(error), error],
    ["throws undefined", throwing(undefined), undefined],
    ["rejects", () => Promise.reject(error), error],
  ])("that %s does not fail its caller", async (_what, callback, thrown) => {
    const failed = vi.fn();
    isolate(callback, failed)();
    await Promise.resolve();
    expect(failed).toHaveBeenCalledExactlyOnceWith(thrown);
  });

  it("writes errors to console.error, also those that can't be printed", () => {
    const print = vi.spyOn(console, "error").mockImplementation((...args) => {
      for (const arg of args) if (arg instanceof Error) void arg.name;
    });
    isolate(throwing(new Error("no")))();
    expect(print).toHaveBeenCalledTimes(1);
    isolate(throwing(unprintable()))();
    expect(print).toHaveBeenCalledTimes(3);
    expect(print.mock.lastCall).toHaveLength(1);
  });
});

function throwing(error: unknown): () => never {
  return () => {
    throw error;
  };
}

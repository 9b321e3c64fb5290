import { expect, it, vi } from "vitest";
import { createStderrLog } from "./stderr-log.ts";

it("survives a function that throws, and keeps the lines", () => {
  const print = vi.spyOn(console, "error").mockReturnValue();
  const log = createStderrLog(() => {
    throw new Error("no");
  });
  log.push(new TextEncoder().encode("a\nb\n"));
  expect(log.lastLines()).toEqual(["a", "b"]);
  expect(print).toHaveBeenCalledTimes(2);
  print.mockRestore();
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { main } from "./main.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lutra-main-"));
  vi.spyOn(console, "log").mockReturnValue();
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const listeners = () => [
  ...[process.stdout, process.stderr].map((stream) => stream.listenerCount("error")),
  ...["SIGINT", "SIGTERM", "SIGHUP", "exit"].map((name) => process.listenerCount(name)),
];

/** Writes a server module, and resolves when it is served. */
async function serve(): Promise<{ readonly code: Promise<number> }> {
  const module = join(folder, "server.mjs");
  const core = import.meta.resolve("lutra/server");
  const options = '{ name: "test", version: "1" }';
  writeFileSync(
    module,
    `import { createServer } from "${core}";\nexport default createServer(${options});\n`,
  );
  const code = main(["serve", module, "--port", "0"]);
  await vi.waitFor(() => {
    expect(console.log).toHaveBeenCalledWith(expect.stringMatching(/^listening on /));
  }, 15_000);
  return { code };
}

it("a program that runs several commands gets no further listeners with each", async () => {
  await main(["unknown"]);
  const before = listeners();
  for (let count = 0; count < 12; count += 1) expect(await main(["unknown"])).toBe(2);
  expect(listeners()).toEqual(before);
});

it("a command that has stopped leaves the signals to the program", async () => {
  await main(["unknown"]);
  const before = listeners();
  const { code } = await serve();
  expect(process.listenerCount("SIGTERM")).toBe((before[3] ?? 0) + 1);
  process.emit("SIGTERM");
  expect(await code).toBe(0);
  expect(listeners()).toEqual(before);
});

/** Modules that never finish loading. */
import { expect, it } from "vitest";
import { runLutra } from "./run-lutra.ts";

const slow =
  /waits-for-ever\.mjs: still loading after 10 s; an await at its top level may never settle$/;

it("serve refuses a module that waits for a promise that nothing can settle", async () => {
  const lutra = runLutra("serve", "never-settles.mjs");
  expect(await lutra.exited).toBe(1);
  await lutra.closed;
  expect(lutra.stderr).toEqual([
    "lutra: cannot load never-settles.mjs: an await at its top level never settles",
  ]);
});

it.each([
  ["serve", ["waits-for-ever.mjs"]],
  ["up", ["waits-for-ever.mjs", "--replicas", "2"]],
  ["up, for a function that verifies callers,", ["who-server.mjs", "--auth", "waits-for-ever.mjs"]],
] as const)("%s reports a module that is still loading, once", async (what, args) => {
  const lutra = runLutra(what.split(",")[0] as string, ...args, "--port", "0");
  await lutra.line(slow);
  lutra.child.kill("SIGTERM");
  await lutra.closed;
  expect(lutra.stderr.filter((line) => slow.test(line))).toHaveLength(1);
  expect(lutra.stdout).toEqual([]);
});

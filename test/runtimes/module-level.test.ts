/** Calls that Workers refuse at the top of a module are not made there. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it } from "vitest";

const lutra = join(import.meta.dirname, "../../packages/lutra");
const { exports } = JSON.parse(readFileSync(join(lutra, "package.json"), "utf8"));

it("createServer, createFetchHandler and createClient use neither randomness nor time at import", () => {
  const files = ["server", "http", "client", "tasks"].map(
    (name) => pathToFileURL(join(lutra, exports[`./${name}`].default)).href,
  );
  const program = fileURLToPath(new URL("fixtures/module-level.mjs", import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...files], { encoding: "utf8" });
  expect([stdout, stderr]).toEqual(["accept\n", ""]);
});

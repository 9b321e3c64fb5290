/**
 * Setup of test files within a run: temporary files are searched for secrets before they are removed, since
 * no later search can find them.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { ownList, runVariable } from "./registered-secrets.ts";
import { searchFor } from "./search-files.ts";

const run = process.env[runVariable];
/** The originals, since a worker may run several test files. */
const watched = Symbol.for("lutra.watchedRemovals");

if (run !== undefined && !(watched in globalThis)) {
  Object.assign(globalThis, { [watched]: true });
  watchRemovals(run);
}

/** Writes findings to a file of the run. */
function watchRemovals(folder: string): void {
  const search = (path: fs.PathLike): void => {
    const file = resolve(path instanceof URL ? fileURLToPath(path) : String(path));
    if (!file.startsWith(tmpdir() + sep)) return;
    // A test removes its own files, and knows its own secrets.
    const { secrets, permitted } = ownList();
    const found = searchFor(secrets, permitted)(file);
    if (found.length > 0) fs.appendFileSync(join(folder, "removed"), `${found.join("\n")}\n`);
  };
  const { rm, rmSync, promises } = fs;
  const removeLater = promises.rm;
  fs.rmSync = (path, options) => {
    search(path);
    rmSync(path, options);
  };
  fs.rm = Object.assign((...args: Parameters<typeof rm>) => {
    search(args[0]);
    rm(...args);
  }, rm);
  promises.rm = async (path, options) => {
    search(path);
    await removeLater(path, options);
  };
  syncBuiltinESMExports();
}

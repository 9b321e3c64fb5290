/**
 * Searches everything that a run of the tests has written for the secrets that its fixtures have used:
 *
 *     node --import tsx test/secrets/search-run.ts <folder of the run>
 *
 * Prints each finding as `file:line: kind`, and never a value.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { permittedIn, registeredIn } from "./registered-secrets.ts";
import { searchFor } from "./search-files.ts";

/** Returns the findings in the output, in files that tests have removed, and in files that are left. */
export function searchRun(folder: string): readonly string[] {
  const removed = join(folder, "removed");
  const before = existsSync(removed) ? readFileSync(removed, "utf8").trim().split("\n") : [];
  const search = searchFor(registeredIn(folder), permittedIn(folder));
  return [...before, ...search(join(folder, "output")), ...search(join(folder, "tmp"))];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , folder = ""] = process.argv;
  const started = performance.now();
  const found = searchRun(folder);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const count = registeredIn(folder).length;
  console.log(found.length === 0 ? `${count} secrets, ${seconds} s` : found.join("\n"));
  process.exitCode = found.length === 0 ? 0 : 1;
}

/**
 * A run of the tests of which everything that is written is searched for the secrets that fixtures have used:
 * the output, and the temporary files. `test/secrets` has the list of secrets and the search.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { node, runHere, step } from "./steps.mjs";

/** Creates the folder of a run. Temporary files of the tests are below it. */
export function openRun() {
  const folder = mkdtempSync(join(tmpdir(), "lutra-"));
  const temporary = join(folder, "tmp");
  mkdirSync(temporary);
  // Servers that refuse to run as root have their files below, too.
  for (const path of [folder, temporary]) chmodSync(path, 0o711);
  const colours = process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: "1" } : {};
  const places = { TMPDIR: temporary, TEMP: temporary, TMP: temporary };
  const variables = { ...colours, ...places, LUTRA_TEST_RUN: folder };
  return {
    folder,
    /** Runs a program; resolves to its exit code. */
    run: (command) => runHere(command, { variables, copyTo: join(folder, "output") }),
    /** Resolves to false when a secret was written. */
    search: () =>
      step(
        "searching for secrets in everything that was written",
        node("--import", "tsx", "test/secrets/search-run.ts", folder),
        {
          showOutput: true,
          remedy:
            "The values are secrets of fixtures. Remove them from what is written, or name a file that has to contain them (permitSecretsIn).",
        },
      ),
    close: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

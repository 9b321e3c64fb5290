/** Installs the official conformance suite. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isInstallStale } from "./freshness.mjs";
import { install, root } from "./steps.mjs";

/**
 * The suite needs a newer Node than Lutra does. It brings that Node along as a package, in a
 * folder of its own, where no other program can pick it up by mistake.
 */
export async function installSuite(options) {
  const folder = join(root, "test/conformance/suite");
  if (existsSync(join(folder, "package.json")) && isInstallStale(folder)) {
    await install("installing the conformance suite", folder, options);
  }
}

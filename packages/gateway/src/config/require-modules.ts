/** Requires that the server modules of a configuration exist. */
import { statSync } from "node:fs";
import type { CompleteConfig } from "./complete-routes.ts";
import { ConfigError, formatPath } from "./config-error.ts";
import type { ConfigDocument } from "./read-document.ts";

/**
 * Checks the file of every `module` of an upstream. The processes that load it report other problems.
 *
 * @param file The configuration file, for errors
 * @throws {ConfigError} with one problem for each file that does not exist
 */
export function requireModules(
  { upstreams }: Pick<CompleteConfig, "upstreams">,
  file: string,
  positionOf: ConfigDocument["positionOf"] = () => undefined,
): void {
  const problems = Object.entries(upstreams).flatMap(([name, { module }]) => {
    const message = module === undefined ? undefined : problemWith(module);
    if (message === undefined) return [];
    const path = formatPath(["upstreams", name, "module"]);
    return [{ file, ...positionOf(path, "value"), path, message }];
  });
  if (problems.length > 0) throw new ConfigError(problems);
}

function problemWith(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return `expected a file, but ${path} does not exist`;
  return found.isDirectory() ? `expected a file, but ${path} is a folder` : undefined;
}

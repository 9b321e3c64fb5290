/** Loads the file of a guard. */
import type { Middleware } from "lutra/protocol";
import type { CompleteConfig } from "./complete-routes.ts";
import { type ImportModule, importDefault, loadProblem } from "./load-file.ts";

/**
 * Returns the middleware that the file of `guard.module` exports; undefined if there is none.
 *
 * @param file The configuration file, for errors
 * @throws {ConfigError} for a module that does not export a function
 */
export async function loadGuard(
  { guard: { module } = {} }: { readonly guard?: Partial<CompleteConfig["guard"]> },
  file: string,
  importModule: ImportModule | undefined,
): Promise<Middleware | undefined> {
  if (module === undefined) return undefined;
  const place = { file, key: "guard.module" };
  const found = await importDefault(place, module, importModule);
  if (typeof found === "function") return found as Middleware;
  throw loadProblem(
    place,
    "expected a Middleware as the default export; write: export default guard",
  );
}

import type { Authenticate } from "lutra/node";
import { CommandError } from "./command-error.ts";
import { loadDefault } from "./load-server.ts";

/**
 * Loads the function that a module exports by default to verify credentials.
 *
 * @throws {CommandError} if the file does not exist, fails to load or does not export a function
 */
export async function loadAuthenticate(module: string): Promise<Authenticate> {
  const found = await loadDefault(module);
  if (typeof found === "function") return found as Authenticate;
  throw new CommandError(
    `cannot use ${module}: its default export is ${found === undefined ? "missing" : "not a function"}; ` +
      "write: export default authenticate",
  );
}

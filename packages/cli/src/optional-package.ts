/** The package of the commands `up` and `gateway`. Users install it when they use such a command. */
import { CommandError } from "./command-error.ts";
import { version } from "./own-version.ts";

/**
 * Loads a module that imports `@lutra/gateway`.
 *
 * @throws {CommandError} with the command that installs the package if it is missing
 */
export async function withGateway<Module>(
  command: string,
  load: () => Promise<Module>,
): Promise<Module> {
  const { loadOptional, MissingPackageError } = await import("lutra/internal");
  const gateway = { name: "@lutra/gateway", version, feature: `lutra ${command}` };
  try {
    return await loadOptional(gateway, load);
  } catch (error) {
    throw error instanceof MissingPackageError ? new CommandError(error.message) : error;
  }
}

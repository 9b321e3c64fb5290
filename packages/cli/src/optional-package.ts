/** Packages that only some commands need. Users install them when they use such a command. */
import { CommandError } from "./command-error.ts";
import { version } from "./own-version.ts";

/** A package of this repository that the command line does not install. */
export type CommandPackage = "@lutra/gateway" | "@lutra/migrate" | "@lutra/console";

/**
 * Loads a module that imports such a package.
 *
 * @throws {CommandError} with the command that installs the package if it is missing
 */
export async function withPackage<Module>(
  name: CommandPackage,
  command: string,
  load: () => Promise<Module>,
): Promise<Module> {
  const { loadOptional, MissingPackageError } = await import("lutra/internal");
  try {
    return await loadOptional({ name, version, feature: `lutra ${command}` }, load);
  } catch (error) {
    throw error instanceof MissingPackageError ? new CommandError(error.message) : error;
  }
}

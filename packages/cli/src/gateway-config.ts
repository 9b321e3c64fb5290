/** Loads the configuration for the `gateway` commands. */
import { ConfigError, type LoadedConfig, loadConfig } from "@lutra/gateway";
import { CommandError } from "./command-error.ts";
import { importAgain } from "./modules/import-module.ts";

/**
 * Loads the configuration.
 *
 * @throws {CommandError} with one line for each problem
 */
export async function loadGatewayConfig(file: string): Promise<LoadedConfig> {
  try {
    return await loadConfig(file, { importModule: importAgain });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandError(`cannot load ${file}:\n${error.message}`);
  }
}

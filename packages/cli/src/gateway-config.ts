/** Loads the configuration for the `gateway` commands. */
import { ConfigError, type LoadedConfig, loadConfig } from "@lutra/gateway";
import { CommandError } from "./command-error.ts";
import { untilLoaded } from "./loading.ts";
import { importAgain } from "./modules/import-module.ts";

/**
 * Loads the configuration.
 *
 * @throws {CommandError} with one line for each problem
 */
export async function loadGatewayConfig(file: string): Promise<LoadedConfig> {
  try {
    const importModule = (path: string) => untilLoaded(path, importAgain(path));
    return await loadConfig(file, { importModule });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandError(`cannot load ${file}:\n${error.message}`);
  }
}

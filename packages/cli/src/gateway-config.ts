/** Loads the configuration for the `gateway` commands. */
import { ConfigError, type LoadedConfig, loadConfig, requireShareable } from "@lutra/gateway";
import { CommandError } from "./command-error.ts";
import { untilLoaded } from "./loading.ts";
import { importAgain } from "./modules/import-module.ts";

/**
 * Loads the configuration.
 *
 * @param processes The number of processes of the gateway
 * @throws {CommandError} with one line for each problem
 */
export async function loadGatewayConfig(file: string, processes = 1): Promise<LoadedConfig> {
  try {
    const importModule = (path: string) => untilLoaded(path, importAgain(path));
    const loaded = await loadConfig(file, { importModule });
    if (processes > 1) requireShareable(loaded.config, file);
    return loaded;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandError(`cannot load ${file}:\n${error.message}`);
  }
}

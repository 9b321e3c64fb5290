/** The configuration argument of the `gateway` commands. */
import { ConfigError, type LoadedConfig, loadConfig } from "@lutra/gateway";
import { CommandError } from "./command-error.ts";
import type { CommandArgument } from "./command-line.ts";
import { importModule } from "./load-server.ts";

export const configArgument: CommandArgument = {
  name: "config",
  description: "the path of a configuration file (TypeScript, JavaScript, YAML or JSON)",
};

/**
 * Loads the configuration.
 *
 * @throws {CommandError} with one line for each problem
 */
export async function loadGatewayConfig(file: string): Promise<LoadedConfig> {
  try {
    return await loadConfig(file, { importModule });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandError(`cannot load ${file}:\n${error.message}`);
  }
}

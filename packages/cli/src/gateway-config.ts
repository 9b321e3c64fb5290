/** The configuration that the `gateway` commands take. */
import { ConfigError, type LoadedConfig, loadConfig } from "@lutra/gateway";
import { CommandError } from "./command-error.ts";
import type { CommandArgument } from "./command-line.ts";
import { importModule } from "./load-server.ts";

export const configArgument: CommandArgument = {
  name: "config",
  description: "the path of a configuration (.ts, .yaml or .json)",
};

/** Loads it; what is wrong with it is said in one line each. */
export async function loadGatewayConfig(file: string): Promise<LoadedConfig> {
  try {
    return await loadConfig(file, { importModule });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandError(`cannot use ${file}:\n${error.message}`);
  }
}

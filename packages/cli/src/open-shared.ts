/** Opens the stores of `shared` in the configuration of a gateway. */
import type { OpenShared } from "@lutra/gateway";
import { CommandError } from "./command-error.ts";

/** Opens the stores. Loads their code only if the configuration has it. */
export const openShared: OpenShared = async (url, options) => {
  const { openShared } = await import("@lutra/stores");
  try {
    return await openShared(url, options);
  } catch (error) {
    throw new CommandError(`shared: ${error instanceof Error ? error.message : error}`);
  }
};

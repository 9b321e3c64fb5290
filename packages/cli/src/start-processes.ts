/** Starts a gateway with several processes, for `lutra gateway` and `lutra up`. */
import {
  ConfigError,
  type GatewayProcesses,
  type GatewayProcessesOptions,
  ListenError,
  type ParsedConfig,
  startGatewayProcesses,
} from "@lutra/gateway";
import { CommandError } from "./command-error.ts";
import type { ProcessArgument } from "./gateway-process-main.ts";
import { gatewayProgram } from "./processes-option.ts";

interface StartOptions extends Omit<GatewayProcessesOptions, "program" | "processes"> {
  readonly argument: ProcessArgument;
}

/**
 * Starts the processes.
 *
 * @throws {CommandError} if a process can't start, or dies repeatedly
 */
export async function startProcesses(
  config: ParsedConfig,
  processes: number,
  options: StartOptions,
): Promise<GatewayProcesses> {
  const gateway = await startGatewayProcesses(config, {
    ...options,
    console: true,
    processes,
    program: gatewayProgram,
  }).catch((error: unknown) => {
    if (error instanceof ConfigError || error instanceof ListenError) throw error;
    throw commandError(error);
  });
  const failed = gateway.failed.catch((error: unknown): never => {
    throw commandError(error);
  });
  failed.catch(() => {});
  return { ...gateway, failed };
}

function commandError(error: unknown): CommandError {
  return new CommandError(error instanceof Error ? error.message : String(error));
}

/** Opens the access log of a configuration. */
import { ConfigError } from "../config/config-error.ts";
import type { Config } from "../config/schema.ts";
import type { GatewayOptions } from "../gateway-options.ts";
import { type AccessLog, createAccessLog } from "./access-log.ts";

/**
 * Opens the access log, and reports the beginning and the end of each time in which it can't be
 * written.
 *
 * @param file The configuration file, for errors
 * @throws {ConfigError} for a log file that can't be opened
 */
export function openLog(
  config: Config["log"],
  { notice, onOutputError, logStream }: OpenLogOptions,
  file = "configuration",
): AccessLog | undefined {
  const isFile = config !== false && config.file !== undefined;
  const events = {
    onError: (error: Error) => {
      if (!isFile) onOutputError?.(error);
      notice(`cannot write the access log: ${error.message}; lines are lost`);
    },
    onRecovered: (lost: number) => notice(`the access log is written again; ${lost} lines lost`),
  };
  try {
    return createAccessLog(config, events, logStream);
  } catch (cause) {
    const path = isFile ? config.file : "standard output";
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `expected a file that can be written, but ${path} can't be opened: ${reason}`;
    throw new ConfigError([{ file, path: "log.file", message }], { cause });
  }
}

interface OpenLogOptions extends Pick<GatewayOptions, "onOutputError" | "logStream"> {
  readonly notice: (line: string) => void;
}

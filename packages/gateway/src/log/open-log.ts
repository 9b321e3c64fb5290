/** Opens the access log of a configuration. */
import { ConfigError } from "../config/config-error.ts";
import type { Config } from "../config/schema.ts";
import type { GatewayOptions } from "../gateway-options.ts";
import { type AccessLog, createAccessLog } from "./access-log.ts";
import { LineFile, type LineFileOptions } from "./line-file.ts";

/**
 * Opens the access log, and reports the beginning and the end of each time in which it can't be
 * written.
 *
 * @param file The configuration file, for errors
 * @throws {ConfigError} for a log file that can't be opened
 */
export function openLog(
  config: Config["log"],
  { logStream, ...options }: OpenLogOptions,
  file = "configuration",
): AccessLog | undefined {
  return opened(config, file, () => {
    return createAccessLog(config, reportsOf(config, options), logStream);
  });
}

/**
 * Opens the file of the access log, or standard output, for lines that are formatted elsewhere. Reports
 * as `openLog` does.
 *
 * @throws {ConfigError} for a log file that can't be opened
 */
export function openLines(
  config: Exclude<Config["log"], false>,
  options: OpenLogOptions,
  file = "configuration",
): LineFile {
  const { file: path, maxBytes, keep } = config;
  const reports = reportsOf(config, options);
  return opened(config, file, () => new LineFile({ file: path, maxBytes, keep, ...reports }));
}

interface OpenLogOptions extends Pick<GatewayOptions, "onOutputError" | "logStream"> {
  readonly notice: (line: string) => void;
}

type Reports = Pick<LineFileOptions, "onError" | "onRecovered">;

function reportsOf(config: Config["log"], { notice, onOutputError }: OpenLogOptions): Reports {
  const isFile = config !== false && config.file !== undefined;
  return {
    onError: (error) => {
      if (!isFile) onOutputError?.(error);
      notice(`cannot write the access log: ${error.message}; lines are lost`);
    },
    onRecovered: (lost) => notice(`the access log is written again; ${lost} lines lost`),
  };
}

function opened<Log>(config: Config["log"], file: string, open: () => Log): Log {
  try {
    return open();
  } catch (cause) {
    const path = config !== false && config.file !== undefined ? config.file : "standard output";
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `expected a file that can be written, but ${path} can't be opened: ${reason}`;
    throw new ConfigError([{ file, path: "log.file", message }], { cause });
  }
}

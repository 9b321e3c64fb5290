/** The access log of all processes, which the supervisor writes, so that no line is broken. */
import type { ParsedConfig } from "../config/parse-config.ts";
import type { GatewayOptions } from "../gateway-options.ts";
import type { LogStream } from "../log/access-log.ts";
import { openLines } from "../log/open-log.ts";
import type { Channel } from "./channel.ts";

export interface JointLog {
  /** Writes the lines of a process. */
  readonly add: (channel: Channel) => void;
  readonly reopen: () => void;
  /** Number of lines that could not be written. */
  readonly lost: () => number;
  readonly close: () => Promise<void>;
}

/** Maximum time that closing waits for the last lines, in milliseconds. */
const flushMs = 1000;

/**
 * Opens the log. Returns undefined for a configuration without one.
 *
 * @throws {ConfigError} for a log file that can't be opened
 */
export function openJointLog(
  { config, ...rest }: ParsedConfig,
  options: Pick<GatewayOptions, "onOutputError" | "logStream"> & {
    readonly notice: (line: string) => void;
  },
): JointLog | undefined {
  const file = "file" in rest && typeof rest.file === "string" ? rest.file : undefined;
  if (config.log === false) return undefined;
  const lines = options.logStream ? undefined : openLines(config.log, options, file);
  const out: LogStream | undefined = options.logStream ?? lines;
  let lostBefore = 0;
  return {
    add: (channel) => {
      channel.on("log", (text) => {
        out?.write(text);
      });
      channel.on("lostLines", (count) => {
        lostBefore += count;
      });
    },
    reopen: () => lines?.reopen(),
    lost: () => lostBefore + (lines?.lost() ?? 0),
    close: async () => {
      await new Promise<void>((resolve) => {
        if (lines === undefined) return resolve();
        const timer = setTimeout(resolve, flushMs);
        lines.flush(() => {
          clearTimeout(timer);
          resolve();
        });
      });
      lines?.close();
    },
  };
}

/** Returns the destination of the log of a process. */
export function sendLog(channel: Channel): LogStream {
  let lost = 0;
  return {
    write: (lines) => {
      if (!channel.offer("log", lines, 2 * lines.length)) {
        lost += lines.split("\n").length - 1;
        return;
      }
      if (lost > 0) channel.tell("lostLines", lost);
      lost = 0;
    },
  };
}

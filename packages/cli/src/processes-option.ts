/** The option for the number of processes of a gateway. */
import { fileURLToPath } from "node:url";
import { type CommandLine, type CommandOption, integerOption } from "./command-line.ts";

const processes = { least: 1, most: 64, fallback: 1 };

export const processesOption: CommandOption = {
  placeholder: "N",
  description:
    "Number of processes of the gateway, at most 64, so that it uses several processor cores. They have one address, one log and one admin listener",
  fallback: `\`${processes.fallback}\``,
};

/** Reads `--processes`. */
export function processesOf(line: CommandLine): number {
  return integerOption(line, "processes", processes);
}

/** The path of the program of one process. */
export const gatewayProgram: string = fileURLToPath(
  new URL("./gateway-process-main.js", import.meta.url),
);

/** The settings that have another effect with several processes. */
import type { CompleteConfig } from "../config/complete-routes.ts";
import { ConfigError, type ConfigProblem } from "../config/config-error.ts";

/**
 * Checks that several processes can share the state of a configuration.
 *
 * @param file The configuration file, for errors
 * @throws {ConfigError} for a store that is in the memory of one process
 */
export function requireShareable({ auth }: CompleteConfig, file = "configuration"): void {
  const problems: ConfigProblem[] = [];
  if (auth?.signIn?.store === "memory:") {
    const message = "memory: can't be shared by several processes; expected another store";
    problems.push({ file, path: "auth.signIn.store", message });
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

/** Returns hints about the settings that each of several processes has for itself, one line each. */
export function processNotes(config: CompleteConfig, processes: number): readonly string[] {
  const { upstreams, cache, shared, limits } = config;
  const commands = Object.entries(upstreams).filter(([, { command }]) => command !== undefined);
  const each = `each of ${processes} processes`;
  return [
    ...commands.map(([name]) => `upstreams.${name}.command: ${each} runs its own program`),
    ...(cache === false || shared?.cache
      ? []
      : [`cache: ${each} has its own responses, in its part of maxBytes`]),
    ...(limits.length === 0
      ? []
      : [`limits: ${shared?.limits ? "Redis counts" : "the supervisor counts"} for all processes`]),
    `upstreams.*.concurrency: ${each} has its part of max and queue`,
  ];
}

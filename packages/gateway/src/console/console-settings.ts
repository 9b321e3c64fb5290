/** The settings of the console in a configuration. */
import type { z } from "zod";
import type { Config } from "../config/schema.ts";
import { consoleSchema } from "../config/schema-listen.ts";

/** The settings of the console, with their defaults. */
export type ConsoleSettings = z.output<typeof consoleSchema>;

/**
 * Returns the settings of the console, or undefined if it is off.
 *
 * @param isOnByDefault True if a console without settings is on, where only this machine can reach it
 */
export function consoleSettings(
  admin: Config["admin"],
  isOnByDefault: boolean,
): ConsoleSettings | undefined {
  if (admin === false || admin.console === false) return undefined;
  return (
    admin.console ?? (isOnByDefault && isLoopback(admin.host) ? consoleSchema.parse({}) : undefined)
  );
}

/** Returns true for an address that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

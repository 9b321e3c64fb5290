/** The settings of the console in a configuration. */
import type { Config } from "../config/schema.ts";

/** The settings of the console, with their defaults. */
export type ConsoleSettings = Exclude<
  NonNullable<Exclude<Config["admin"], false>["console"]>,
  false
>;

/** The settings for a console that only the option of `startGateway` switches on. */
const defaults: ConsoleSettings = { exchanges: 1000, maxBytes: 4_194_304, messages: "none" };

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
  return admin.console ?? (isOnByDefault && isLoopback(admin.host) ? defaults : undefined);
}

/** Returns true for an address that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

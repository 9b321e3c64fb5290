/**
 * Log messages to the client, for requests that ask for them.
 *
 * @spec server/utilities/logging
 */

const severities = {
  debug: 0,
  info: 1,
  notice: 2,
  warning: 3,
  error: 4,
  critical: 5,
  alert: 6,
  emergency: 7,
} as const;

/** @deprecated Logging is deprecated; use `stderr` or OpenTelemetry. */
export type LoggingLevel = keyof typeof severities;

/** True for the eight syslog levels. */
export function isLoggingLevel(value: unknown): value is LoggingLevel {
  return typeof value === "string" && Object.hasOwn(severities, value);
}

/** True when `level` is at or above `threshold`. */
export function isAtLeast(level: LoggingLevel, threshold: LoggingLevel): boolean {
  return severities[level] >= severities[threshold];
}

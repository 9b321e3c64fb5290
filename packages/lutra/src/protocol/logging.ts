/**
 * Log messages to the client, for requests that ask for them.
 *
 * @spec server/utilities/logging
 */
import type { JSONRPCNotification } from "./json-rpc.ts";

export const logMessageMethod = "notifications/message";

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

/** @deprecated Logging is deprecated; use `stderr` or OpenTelemetry. */
export interface LogMessage {
  readonly level: LoggingLevel;
  readonly logger?: string;
  readonly data: unknown;
}

/** Returns true for one of the eight syslog levels. */
export function isLoggingLevel(value: unknown): value is LoggingLevel {
  return typeof value === "string" && Object.hasOwn(severities, value);
}

/** Returns true when `level` is at least as severe as `threshold`. */
export function isAtLeast(level: LoggingLevel, threshold: LoggingLevel): boolean {
  return severities[level] >= severities[threshold];
}

/** Returns the log message of a notification, or undefined for any other notification. */
export function readLogMessage(notification: JSONRPCNotification): LogMessage | undefined {
  const { method, params } = notification;
  if (method !== logMessageMethod || !isLoggingLevel(params?.level)) return undefined;
  const { level, logger, data } = params;
  return { level, ...(typeof logger === "string" && { logger }), data };
}

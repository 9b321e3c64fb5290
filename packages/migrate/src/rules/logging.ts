/** Log messages to the client, which the specification deprecates. */
import type { Rule } from "./rule.ts";

export const loggingRules: readonly Rule[] = [
  {
    id: "logging",
    level: "deprecated",
    title: "Log messages to the client",
    replacement:
      "Logging is deprecated: write to standard error or to your own log. Until then, use context.log(level, data) in the handler of the call; its level is part of each request.",
    guide: "log-messages",
    patterns: [
      { kind: "call", names: ["sendLoggingMessage", "setLoggingLevel"] },
      { kind: "reference", names: ["SetLevelRequestSchema"] },
      { kind: "reference", names: ["LoggingMessageNotificationSchema"] },
      { kind: "string", names: ["logging/setLevel"] },
      { kind: "call", names: ["debug", "info", "warn", "error"], of: /^log$/, sdks: ["fastmcp"] },
    ],
  },
];

/** The schema of what the access log contains. */
import { z } from "zod";
import { credentialHeaders } from "../head/known-headers.ts";
import { ms, patterns, token } from "./schema-values.ts";

/** The fields of a line that the gateway itself writes. */
const ownFields: ReadonlySet<string> = new Set([
  ...["level", "time", "method", "name", "entry", "version", "principal", "address"],
  ...["endpoint", "route"],
  ...[
    "upstream",
    "replica",
    "attempts",
    "status",
    "code",
    "cache",
    "broken",
    "reason",
    "skill",
    "ms",
  ],
  ...["upstreamMs", "bytesIn", "bytesOut", "trace"],
]);

const field = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,31}$/, "expected 1 to 32 letters, digits or _")
  .refine((name) => !ownFields.has(name), { error: "expected a name that no other field has" });

const loggable = token.refine((name) => !credentialHeaders.includes(name.toLowerCase()), {
  error: "expected a header without credentials",
});

const rule = z
  .strictObject({
    method: patterns.optional().describe("Patterns for the method"),
    name: patterns.optional().describe("Patterns for the name of the tool, prompt or resource"),
    upstream: patterns.optional().describe("Patterns for the upstream"),
    principal: patterns.optional().describe("Patterns for the caller"),
    endpoint: patterns
      .optional()
      .describe("Patterns for the endpoint; that of `listen.path` has no name, and fits none"),
    status: patterns.optional().describe("Patterns for the HTTP status, such as `5*`"),
    reason: patterns.optional().describe("Patterns for the reason of a refusal, such as `limit`"),
    slowerThanMs: ms("Minimum duration").optional(),
  })
  .describe("Conditions on a request; all must hold");

export const logContent = {
  fields: z
    .record(field, loggable)
    .optional()
    .describe("Further fields, with the names of the request headers that contain their values"),
  only: z
    .array(rule)
    .min(1)
    .optional()
    .describe("Logs only requests for which the conditions of one entry hold. Default: all"),
};

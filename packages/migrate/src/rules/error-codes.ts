/** Error codes that have changed, and codes that only the specification may define. */
import type { Rule } from "./rule.ts";

/** The magnitudes of codes: they are written without their sign, since only peers send them. */
const code = (magnitude: number) => String(-magnitude);

export const errorCodeRules: readonly Rule[] = [
  {
    id: "resource-not-found",
    level: "blocks",
    title: "The old code for an unknown resource",
    replacement: `Servers no longer send ${code(32002)}. Return undefined from read, or throw a ProtocolError with "invalidParams"; clients still accept both codes.`,
    guide: "error-codes",
    patterns: [
      { kind: "code", names: [code(32002)] },
      { kind: "member", names: ["ResourceNotFound"] },
      { kind: "reference", names: ["ResourceNotFoundError"] },
    ],
  },
  {
    id: "url-elicitation-required",
    level: "blocks",
    title: "The error that asks for a visit of a URL",
    replacement: `Servers no longer send ${code(32042)}. Use await context.elicit(name, { mode: "url", url, message }).`,
    guide: "error-codes",
    patterns: [
      { kind: "code", names: [code(32042)] },
      { kind: "member", names: ["UrlElicitationRequired"] },
      { kind: "reference", names: ["UrlElicitationRequiredError"] },
    ],
  },
  {
    id: "reserved-code",
    level: "check",
    title: "Own codes in a reserved range",
    replacement: `Only the specification defines codes from ${code(32099)} to ${code(32000)}. Use an HTTP status for refusals before JSON-RPC, and codes outside of this range for your own errors.`,
    guide: "error-codes",
    patterns: [
      {
        kind: "code",
        range: [-32_099, -32_000],
        except: [32002, 32042, 32020, 32021, 32022].map(code),
      },
    ],
  },
];

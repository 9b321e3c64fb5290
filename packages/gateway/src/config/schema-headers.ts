/** The schema of the policy of an upstream for headers. */
import { z } from "zod";
import type { HeaderSettings } from "../head/header-policy.ts";
import { isFixed } from "../head/known-headers.ts";
import { headerValue, token } from "./schema-values.ts";

const changeable = token.refine((name) => !isFixed(name.toLowerCase()), {
  error: "expected a header that the gateway does not write or remove itself",
});

const values = z.record(changeable, headerValue).refine((set) => !isRepeated(Object.keys(set)), {
  error: "expected each header once, whatever the case of its letters",
});

function isRepeated(names: readonly string[]): boolean {
  return new Set(lowerCase(names)).size !== names.length;
}

const policyKeys = ["forward", "set", "rename", "remove"] as const;

function isPolicy(value: object): boolean {
  return policyKeys.some((key) => Object.hasOwn(value, key));
}

const policy = z.looseObject({
  forward: z
    .union([z.literal("all"), z.array(changeable).min(1)])
    .optional()
    .describe(
      "The headers of callers to send: all, or those about the request, credentials and these names. Default: `all`",
    ),
  set: values.optional().describe("Headers to send in place of those of callers"),
  rename: z
    .record(changeable, changeable)
    .optional()
    .describe("The names under which headers of callers are sent"),
  remove: z.array(changeable).min(1).optional().describe("Headers of callers that are not sent"),
});

type Policy = Pick<z.output<typeof policy>, (typeof policyKeys)[number]>;
type HeadersInput = Policy | { readonly [name: string]: string };

/** The policy, or the headers of `set` alone. */
export const headers = policy
  .superRefine((value, { issues }) => {
    if (isPolicy(value)) {
      const keys = Object.keys(value).filter((key) => !policyKeys.some((known) => known === key));
      if (keys.length > 0) {
        issues.push({ code: "unrecognized_keys", keys, input: value, path: [] });
      }
    } else {
      for (const issue of values.safeParse(value).error?.issues ?? []) {
        issues.push({ ...issue, input: value } as (typeof issues)[number]);
      }
    }
  })
  .transform(settingsOf)
  .describe(
    "The headers of requests to the upstream. An object without forward, set, rename and remove has the meaning of `set`",
  ) as unknown as z.ZodType<HeaderSettings, HeadersInput>;

function settingsOf(written: z.output<typeof policy>): HeaderSettings {
  const own: Policy = isPolicy(written) ? written : { set: written as Record<string, string> };
  const { forward = "all", set = {}, rename = {}, remove = [] } = own;
  return {
    forward: forward === "all" ? forward : lowerCase(forward),
    set: Object.fromEntries(
      Object.entries(set).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    rename: Object.fromEntries(
      Object.entries(rename).map(([from, to]) => [from.toLowerCase(), to.toLowerCase()]),
    ),
    remove: lowerCase(remove),
  };
}

function lowerCase(names: readonly string[]): string[] {
  return names.map((name) => name.toLowerCase());
}

/** The schema of routes and limits. */
import { z } from "zod";
import { count, exactlyOne, name, patterns, token } from "./schema-values.ts";

export const match = z
  .strictObject({
    method: patterns.optional().describe("Patterns for Mcp-Method; * matches any characters"),
    upstream: patterns
      .optional()
      .describe(
        "Patterns for the upstream of the entry that the request addresses; only with deny, and in limits",
      ),
    name: patterns
      .optional()
      .describe(
        "Patterns for Mcp-Name; * matches any characters. With deny, and in limits, the patterns also apply to the other names of the same entry: the one that its upstream uses, and those with the upstream as prefix",
      ),
    tool: patterns
      .optional()
      .describe(
        "Patterns for the name of a tool; with deny, and in limits, the name that its upstream uses",
      ),
    prompt: patterns
      .optional()
      .describe(
        "Patterns for the name of a prompt; with deny, and in limits, the name that its upstream uses",
      ),
    resource: patterns
      .optional()
      .describe(
        "Patterns for the URI of a resource in any spelling; with deny, and in limits, the URI that its upstream uses",
      ),
    param: z
      .record(token, patterns)
      .optional()
      .describe("Patterns for Mcp-Param-* headers, by parameter name; * matches any characters"),
    principal: patterns
      .optional()
      .describe("Patterns for the authenticated caller; * matches any characters"),
    scope: patterns
      .optional()
      .describe(
        "Patterns for the scopes of the authenticated caller, one of which must match; * matches any characters",
      ),
    claim: z
      .record(z.string().min(1), patterns)
      .optional()
      .describe(
        "Patterns for the claims of the authenticated caller, by name; * matches any characters. Of a list, one item must match. A name with dots also names a member of an object, as in realm_access.roles",
      ),
  })
  .describe(
    "The requests to match; all conditions must hold. Without conditions, every request matches",
  );

export const limit = z
  .strictObject({
    match: match.optional(),
    per: z
      .array(
        z.union([
          z.enum(["principal", "address", "upstream", "tool"]),
          z.string().regex(/^param:[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, {
            error: 'expected "param:" followed by a header name',
            // Otherwise zod reports this alternative only, and no misspelt word.
            abort: true,
          }),
        ]),
      )
      .default([])
      .describe(
        "Each combination of these values has its own limit; if the list is empty, all requests share one. Callers without a principal are counted by address",
      ),
    rate: z
      .strictObject({
        requests: count("Maximum number of requests"),
        perMs: count("Length of the period, in milliseconds"),
      })
      .optional()
      .describe("Maximum number of requests in a period; a burst may use all of them at once"),
    concurrency: count("Maximum number of requests in flight").optional(),
  })
  .refine(({ rate, concurrency }) => rate !== undefined || concurrency !== undefined, {
    error: "expected rate, concurrency or both",
  })
  .describe("A limit; requests beyond it are refused with status 429");

export const route = z
  .strictObject({
    match: match.optional(),
    to: z
      .union([
        name,
        z
          .array(
            z.strictObject({
              upstream: name.describe("The name of the upstream"),
              weight: z
                .int()
                .min(0)
                .max(1000)
                .describe("The share of this upstream in the sum of all weights"),
            }),
          )
          .min(1),
      ])
      .optional()
      .describe("The upstream, or several upstreams with weights"),
    merge: z
      .union([z.literal("all"), z.array(name).min(1)])
      .optional()
      .describe("The upstreams to present as one server"),
    prefix: z
      .enum(["collision", "always"])
      .optional()
      .describe(
        "Controls when merged tools and prompts get the name of their upstream as a prefix: only when two have the same name (`collision`), or `always`. Default: `collision`",
      ),
    pageSize: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe("Number of entries on a page of a merged list. Default: 100"),
    deny: z.string().optional().describe("Refuses the request with this reason"),
    rename: z.string().optional().describe("The name to send to the upstream in place of Mcp-Name"),
    shadow: z
      .strictObject({
        upstream: name.describe("The name of the upstream"),
        sideEffects: z
          .boolean()
          .default(false)
          .describe("Also copies calls of tools that do not declare readOnlyHint"),
      })
      .optional()
      .describe(
        "Sends copies of requests that have no side effects to another upstream, and ignores the responses",
      ),
    cache: z.boolean().default(true).describe("Allows caching of responses"),
    tasks: z
      .enum(["pass", "follow"])
      .optional()
      .describe(
        "Controls calls that become tasks. With `follow`, the gateway waits for the task on behalf of clients that did not declare the Tasks extension, for up to the upstream's totalMs, and responds with the task's result. Default: `pass`",
      ),
  })
  .refine(({ to, merge, deny }) => [to, merge, deny].filter((x) => x !== undefined).length === 1, {
    error: "expected exactly one of to, merge and deny",
  })
  .describe("The action for matching requests; the first route that matches applies")
  .meta(exactlyOne("to", "merge", "deny"));

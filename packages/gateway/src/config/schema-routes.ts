/** What happens to which requests: routes and limits. */
import { z } from "zod";
import { count, exactlyOne, name, token } from "./schema-values.ts";

const match = z
  .strictObject({
    method: z
      .union([z.string(), z.array(z.string())])
      .optional()
      .describe("The value of Mcp-Method; * stands for any characters"),
    name: z
      .union([z.string(), z.array(z.string())])
      .optional()
      .describe("The value of Mcp-Name; * stands for any characters"),
    param: z
      .record(token, z.union([z.string(), z.array(z.string())]))
      .optional()
      .describe("Values of Mcp-Param-* headers by their name; * stands for any characters"),
    principal: z
      .union([z.string(), z.array(z.string())])
      .optional()
      .describe("Who calls; * stands for any characters"),
  })
  .describe("Which requests are meant; all conditions must hold. Without conditions: all");

export const limit = z
  .strictObject({
    match: match.optional(),
    per: z
      .array(
        z.union([
          z.enum(["principal", "address", "tool"]),
          z
            .string()
            .regex(
              /^param:[!#$%&'*+.^_`|~0-9A-Za-z-]+$/,
              "expected param: and the name of a header",
            ),
        ]),
      )
      .default([])
      .describe(
        "Each combination of these has a limit of its own; without any all share one. Callers without a principal count by their address",
      ),
    rate: z
      .strictObject({
        requests: count("How many requests"),
        perMs: count("In which time, in milliseconds"),
      })
      .optional()
      .describe("The most in a time; a burst may use all of it at once"),
    concurrency: count("The most under way at once").optional(),
  })
  .refine(({ rate, concurrency }) => rate !== undefined || concurrency !== undefined, {
    error: "expected rate, concurrency or both",
  })
  .describe("A limit; what is beyond it is refused with 429");

export const route = z
  .strictObject({
    match: match.optional(),
    to: z
      .union([
        name,
        z
          .array(
            z.strictObject({
              upstream: name.describe("Its name"),
              weight: z.int().min(0).max(1000).describe("Its share of the sum of all weights"),
            }),
          )
          .min(1),
      ])
      .optional()
      .describe("The upstream, or several with their shares"),
    merge: z
      .union([z.literal("all"), z.array(name).min(1)])
      .optional()
      .describe("Upstreams that appear as one server"),
    prefix: z
      .enum(["collision", "always"])
      .optional()
      .describe(
        "When merged names of tools and prompts begin with their upstream's: where two have the same, or always. By default `collision`",
      ),
    deny: z.string().optional().describe("Refuses with this reason"),
    rename: z.string().optional().describe("The name that the upstream gets in place of Mcp-Name"),
    shadow: z
      .strictObject({
        upstream: name.describe("Its name"),
        sideEffects: z
          .boolean()
          .default(false)
          .describe("Copies also calls of tools that do not say readOnlyHint"),
      })
      .optional()
      .describe("Gets a copy of each request; its answers are dropped"),
    cache: z.boolean().default(true).describe("Whether responses are kept"),
    tasks: z
      .enum(["pass", "follow"])
      .optional()
      .describe(
        "What happens to calls that become tasks. `follow` waits for the task where the client did not declare the extension, within totalMs of the upstream, and answers with its result. By default `pass`",
      ),
  })
  .refine(({ to, merge, deny }) => [to, merge, deny].filter((x) => x !== undefined).length === 1, {
    error: "expected exactly one of to, merge and deny",
  })
  .describe("What happens to a request; the first route that matches counts")
  .meta(exactlyOne("to", "merge", "deny"));

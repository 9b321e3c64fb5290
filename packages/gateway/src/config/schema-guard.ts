/** The schema of the guard: a module or a service that decides about requests and their results. */
import { z } from "zod";
import { match } from "./schema-routes.ts";
import { exactlyOne, headerValue, httpUrl, ms, token } from "./schema-values.ts";

export const guard = z
  .strictObject({
    url: httpUrl
      .optional()
      .describe("The URL of an HTTP service that is asked before and after requests"),
    headers: z
      .record(token, headerValue)
      .optional()
      .describe("Headers of the questions to the service, such as its credentials"),
    module: z
      .string()
      .optional()
      .describe("A file whose default export is a `Middleware` of lutra/server"),
    match: match
      .omit({ param: true })
      .optional()
      .describe("The requests that the guard decides about. By default, all"),
    when: z
      .array(z.enum(["before", "after"]))
      .min(1)
      .default(["before", "after"])
      .describe("The times at which the service is asked: before a request, and about its result"),
    timeoutMs: ms("Maximum time for one decision").default(1000),
    failure: z
      .enum(["closed", "open"])
      .default("closed")
      .describe(
        "The outcome of a request when the guard fails or is too slow: refused with 503 (`closed`), or allowed with a warning (`open`)",
      ),
  })
  .refine(({ url, module }) => (url === undefined) !== (module === undefined), {
    error: "expected exactly one of url and module",
  })
  .refine(({ url, headers }) => url !== undefined || headers === undefined, {
    error: "headers require url; remove them",
  })
  .describe("Decides about requests that routes and limits allow, and about their results")
  .meta(exactlyOne("url", "module"));

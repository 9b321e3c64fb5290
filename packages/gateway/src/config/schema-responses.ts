/** The schema of the memory for responses. */
import { z } from "zod";
import { ms } from "./schema-values.ts";

export const responses = z
  .strictObject({
    maxBytes: z
      .int()
      .min(1_048_576)
      .default(100_663_296)
      .describe(
        "Maximum size in bytes of all responses that a process of the gateway parses, or that clients have not received yet. Further ones wait: they are not read from their upstreams. Responses of up to 64 KiB are not counted, and one response may exceed it. A further eighth is for responses of up to a 64th of it, which do not wait for larger ones",
      ),
    waitMs: ms(
      "Time that such a response waits, after which its request is answered with status 503. After half of it, clients that receive nothing meanwhile are disconnected",
    ).default(30_000),
  })
  .describe("The memory for responses");

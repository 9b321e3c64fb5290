/** The schema of the store that several gateways share. */
import { z } from "zod";

export const shared = z
  .strictObject({
    redis: z
      .string()
      .regex(/^rediss?:\/\/./, "expected redis://host:6379, or rediss: with TLS")
      .describe(
        "The Redis or Valkey server, such as redis://user:password@host:6379?prefix=mcp. Gateways with the same server and prefix share their limits and responses",
      ),
    limits: z
      .boolean()
      .default(true)
      .describe("True to count rates and concurrency for all gateways together"),
    cache: z
      .boolean()
      .default(true)
      .describe("True to reuse the responses that another gateway has stored"),
    failure: z
      .enum(["open", "closed"])
      .default("open")
      .describe(
        "Controls limited requests while Redis is unavailable. With `open`, each gateway counts alone; with `closed`, they are refused with status 503",
      ),
  })
  .describe(
    "A store that several gateways share, so that limits hold for all of them together. By default, each gateway has its own limits and cache",
  );

/**
 * The schema of the configuration. The types, the validation, the JSON Schema for editors and the
 * reference in docs/gateway-config.md are derived from it.
 */
import { z } from "zod";
import { auth } from "./schema-auth.ts";
import { admin, listen } from "./schema-listen.ts";
import { limit, route } from "./schema-routes.ts";
import { upstream } from "./schema-upstream.ts";
import { count, ms, name } from "./schema-values.ts";

const cache = z
  .union([
    z.literal(false),
    z.strictObject({
      maxBytes: count(
        "Maximum size of the cache in bytes; the least recently used responses are evicted first",
      ).default(67_108_864),
      staleMs: z
        .int()
        .min(0)
        .default(30_000)
        .describe(
          "Time for which a stale response is still served while a new one is fetched, in milliseconds",
        ),
      staleOnErrorMs: z
        .int()
        .min(0)
        .default(300_000)
        .describe(
          "Time for which a stale response is still served while the upstream is unavailable, in milliseconds",
        ),
    }),
  ])
  .describe("The response cache; false disables it");

/** The whole configuration. */
export const configSchema = z
  .strictObject({
    $schema: z.string().optional().describe("The JSON Schema for editors"),
    name: z
      .string()
      .default("lutra-gateway")
      .describe("The server name that the gateway reports for merged upstreams"),
    listen: listen.prefault({}),
    auth: auth.optional(),
    admin: admin.prefault({}),
    keys: z
      .array(
        z.strictObject({
          id: z.string().describe("The identifier of the key in sealed values"),
          secret: z.string().describe("The key: 32 bytes as Base64"),
        }),
      )
      .min(1)
      .optional()
      .describe(
        "Keys that seal the values that clients send back. The first key seals new values; every key opens existing ones. Required if several gateways serve the same clients. Create a secret with: openssl rand -base64 32",
      ),
    upstreams: z.record(name, upstream).describe("The servers behind the gateway, by name"),
    routes: z
      .array(route)
      .min(1)
      .optional()
      .describe(
        "The routes. By default, one route to the only upstream, or to all upstreams merged",
      ),
    limits: z
      .array(limit)
      .default([])
      .describe("The limits; a request must stay within every limit that matches it"),
    cache: cache.prefault({}),
    log: z
      .union([
        z.literal(false),
        z.strictObject({
          file: z.string().optional().describe("The log file. By default, standard output"),
          address: z.boolean().default(true).describe("Logs the client's address"),
        }),
      ])
      .prefault({})
      .describe("The access log, one line of JSON per request; false disables it"),
    drainMs: ms("Maximum time for exchanges in flight to finish at shutdown").default(5000),
  })
  .describe("The configuration of a gateway");

/** The configuration as it is written: keys with a default are optional. */
export type ConfigInput = z.input<typeof configSchema>;
/** The configuration with all defaults filled in. */
export type Config = z.output<typeof configSchema>;
export type UpstreamConfig = Config["upstreams"][string];
export type RouteConfig = NonNullable<Config["routes"]>[number];
export type MatchConfig = NonNullable<RouteConfig["match"]>;
export type LimitConfig = Config["limits"][number];
export type AuthConfig = NonNullable<Config["auth"]>;
export type CacheConfig = Exclude<Config["cache"], false>;

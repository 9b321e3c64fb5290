/**
 * The configuration: one schema, from which come the types, the check, the editors' JSON Schema and
 * the reference in docs/gateway-config.md.
 */
import { z } from "zod";
import { admin, listen } from "./schema-listen.ts";
import { limit, route } from "./schema-routes.ts";
import { upstream } from "./schema-upstream.ts";
import { count, ms, name } from "./schema-values.ts";

const cache = z
  .union([
    z.literal(false),
    z.strictObject({
      maxBytes: count("How much is kept; what was not used for longest goes first").default(
        67_108_864,
      ),
      staleMs: z
        .int()
        .min(0)
        .default(30_000)
        .describe(
          "How long past its freshness a response may be used while a new one is fetched, in milliseconds",
        ),
      staleOnErrorMs: z
        .int()
        .min(0)
        .default(300_000)
        .describe("The same while the upstream is out of order"),
    }),
  ])
  .describe("The response cache; false for none");

/** The whole configuration. */
export const configSchema = z
  .strictObject({
    $schema: z.string().optional().describe("For editors"),
    name: z.string().default("lutra-gateway").describe("How merged servers call themselves"),
    listen: listen.prefault({}),
    admin: admin.prefault({}),
    keys: z
      .array(
        z.strictObject({
          id: z.string().describe("Names the key in what it seals"),
          secret: z.string().describe("The key itself"),
        }),
      )
      .min(1)
      .optional()
      .describe(
        "Seal what clients bring back; the first seals, all open. Needed where several gateways answer for each other. Make a secret with: openssl rand -base64 32",
      ),
    upstreams: z.record(name, upstream).describe("The servers, by the name that routes use"),
    routes: z.array(route).min(1).optional().describe("By default the one upstream, or all merged"),
    limits: z.array(limit).default([]).describe("Limits; a request must stay within all of them"),
    cache: cache.prefault({}),
    log: z
      .union([
        z.literal(false),
        z.strictObject({
          file: z.string().optional().describe("Where lines go; by default standard output"),
          address: z.boolean().default(true).describe("Whether lines say the client's address"),
        }),
      ])
      .prefault({})
      .describe("The access log, one line of JSON a request; false for none"),
    drainMs: ms("How long exchanges may go on after the end was asked for").default(5000),
  })
  .describe("The configuration of a gateway");

/** As people write it: what has a default may be left out. */
export type ConfigInput = z.input<typeof configSchema>;
/** As the gateway reads it: complete. */
export type Config = z.output<typeof configSchema>;
export type UpstreamConfig = Config["upstreams"][string];
export type RouteConfig = NonNullable<Config["routes"]>[number];
export type MatchConfig = NonNullable<RouteConfig["match"]>;
export type LimitConfig = Config["limits"][number];
export type CacheConfig = Exclude<Config["cache"], false>;

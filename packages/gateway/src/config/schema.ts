/**
 * The schema of the configuration. The types, the validation, the JSON Schema for editors and the
 * reference in docs/gateway-config.md are derived from it.
 */
import { maxTimerMs } from "lutra/internal";
import { switchableFeatures } from "lutra/middleware";
import { z } from "zod";
import { auth } from "./schema-auth.ts";
import { endpoints } from "./schema-endpoints.ts";
import { guard } from "./schema-guard.ts";
import { admin, listen } from "./schema-listen.ts";
import { logContent } from "./schema-log.ts";
import { processes } from "./schema-processes.ts";
import { responses } from "./schema-responses.ts";
import { limit, route } from "./schema-routes.ts";
import { shared } from "./schema-shared.ts";
import { upstream } from "./schema-upstream.ts";
import { busUrl, count, ms, name, storeUrl } from "./schema-values.ts";

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
    responses: responses.prefault({}),
    processes: processes.prefault({}),
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
    bus: busUrl
      .optional()
      .describe(
        "The event bus that connects gateways with the same keys, so that each can continue what a client of an earlier revision, or a call to an upstream of one, has begun at another. By default, clients must return to the same gateway",
      ),
    switchedOff: z
      .array(z.enum(switchableFeatures))
      .default([])
      .describe(
        "Deprecated features that are switched off: upstreams receive requests as if clients had not declared them, and no log messages are sent. The gateway then reads all requests",
      ),
    upstreams: z.record(name, upstream).describe("The servers behind the gateway, by name"),
    routes: z
      .array(route)
      .min(1)
      .optional()
      .describe(
        "The routes. By default, one route to the only upstream, or to all upstreams merged",
      ),
    endpoints: endpoints.optional(),
    limits: z
      .array(limit)
      .default([])
      .describe("The limits; a request must stay within every limit that matches it"),
    shared: shared.optional(),
    guard: guard.optional(),
    eras: z
      .strictObject({
        store: storeUrl.describe(
          "The store for the counts, which gateways with the same name share",
        ),
      })
      .optional()
      .describe("The era report at /eras. By default, its counts are in memory"),
    cache: cache.prefault({}),
    log: z
      .union([
        z.literal(false),
        z.strictObject({
          file: z.string().optional().describe("The log file. By default, standard output"),
          address: z.boolean().default(true).describe("Logs the client's address"),
          ...logContent,
          maxBytes: count(
            "Size of the file in bytes above which it is renamed to file.1 and a new one is begun. By default, it grows until another program renames it and sends SIGUSR1",
          ).optional(),
          keep: z
            .int()
            .min(1)
            .max(100)
            .optional()
            .describe(
              "Number of earlier files that are kept with maxBytes, as file.1 and so on. Default: 5",
            ),
        }),
      ])
      .prefault({})
      .describe("The access log, one line of JSON per request; false disables it"),
    tracing: z
      .boolean()
      .optional()
      .describe(
        "Records a span for each exchange with OpenTelemetry. Default: false; `lutra gateway` records them if OTEL_EXPORTER_OTLP_ENDPOINT is set",
      ),
    lameDuckMs: z
      .int()
      .min(0)
      .max(maxTimerMs)
      .default(0)
      .describe(
        "Time for which the gateway still accepts connections at shutdown, in milliseconds, while /readyz is 503 and every response has Connection: close. Set it to the time that a load balancer needs to detect this",
      ),
    drainMs: ms(
      "Maximum time for exchanges in flight to finish at shutdown, after lameDuckMs",
    ).default(5000),
  })
  .refine(({ bus, keys }) => bus === undefined || keys !== undefined, {
    error: "bus requires keys, which all gateways share",
  })
  .describe("The configuration of a gateway");

/** The configuration as it is written: keys with a default are optional. */
export type ConfigInput = z.input<typeof configSchema>;
/** The configuration with all defaults filled in. */
export type Config = z.output<typeof configSchema>;
export type UpstreamConfig = Config["upstreams"][string];
export type UpstreamAuthConfig = NonNullable<UpstreamConfig["auth"]>;
export type RouteConfig = NonNullable<Config["routes"]>[number];
export type MatchConfig = NonNullable<RouteConfig["match"]>;
export type LimitConfig = Config["limits"][number];
export type EndpointsConfig = NonNullable<Config["endpoints"]>;
export type ListenPlace = Config["listen"]["also"][number];
export type AuthConfig = NonNullable<Config["auth"]>;
export type GuardConfig = NonNullable<Config["guard"]>;
export type SharedConfig = NonNullable<Config["shared"]>;
export type CacheConfig = Exclude<Config["cache"], false>;

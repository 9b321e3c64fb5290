/**
 * The configuration: one schema, from which come the types, the check, the editors' JSON Schema and
 * the reference in docs/gateway-config.md.
 */
import { z } from "zod";
import { parseAddressRange } from "./address-range.ts";

const ms = (what: string) => z.int().min(1).describe(`${what}, in milliseconds`);
const count = (what: string) => z.int().min(1).describe(what);
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/, "expected 1 to 32 letters, digits, _ or -");

const httpUrl = z.url({ protocol: /^https?$/, error: "expected an http or https URL" });
/** What HTTP allows in the name of a header, and in the part of one that stands for a parameter. */
const token = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "expected the name of a header");
const headerValue = z
  .string()
  .regex(/^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/, "expected printable ASCII");

/** For editors: exactly one of these keys. The check itself is a refinement. */
const exactlyOne = (...keys: readonly string[]) => ({
  oneOf: keys.map((key) => ({ required: [key] })),
});

const addressRange = z
  .string()
  .refine(
    (text) => parseAddressRange(text) !== undefined,
    "expected an address, or a range such as 10.0.0.0/8",
  );

const listen = z
  .strictObject({
    host: z.string().default("127.0.0.1").describe("The address to bind"),
    port: z.int().min(0).max(65_535).default(3000).describe("The port; 0 picks a free one"),
    path: z.string().startsWith("/").default("/mcp").describe("Where the MCP endpoint is"),
    allowedHosts: z
      .array(z.string())
      .optional()
      .describe(
        "Values of Host that are answered. By default any, but only loopback names on connections that arrive at a loopback address",
      ),
    allowedOrigins: z
      .array(z.string())
      .default([])
      .describe("Origins of web pages that may call, beside loopback ones"),
    trustedProxies: z
      .array(addressRange)
      .default([])
      .describe(
        "Addresses and ranges, such as 10.0.0.0/8, of proxies in front. What they say in X-Forwarded-For, -Proto and -Host is believed and passed on; what anybody else says there is replaced",
      ),
    maxBodyBytes: count("The largest body that is read where one must be read").default(4_194_304),
  })
  .describe("Where clients connect");

const admin = z
  .union([
    z.literal(false),
    z.strictObject({
      host: z.string().default("127.0.0.1").describe("The address to bind"),
      port: z.int().min(0).max(65_535).default(9464).describe("The port; 0 picks a free one"),
    }),
  ])
  .describe("The listener for health, metrics and state; false for none");

const timeouts = z
  .strictObject({
    connectMs: ms("To open a connection").default(2000),
    firstByteMs: ms("From the end of the request to the first byte of the answer").default(60_000),
    idleMs: ms("Between two pieces of an answer").default(60_000),
    totalMs: ms("From the start to the end of an exchange; subscriptions are exempt").default(
      600_000,
    ),
  })
  .describe("How long things may take");

const concurrency = z
  .strictObject({
    max: count("Exchanges under way at once, subscriptions not counted").default(1024),
    queue: z.int().min(0).default(1024).describe("How many more may wait for their turn"),
    queueMs: ms("How long one may wait").default(5000),
  })
  .describe("How much may be under way; what is beyond is refused with 503");

const health = z
  .strictObject({
    intervalMs: ms("Between two checks of a replica with server/discover").default(5000),
    timeoutMs: ms("For one check").default(2000),
    failures: count("Failures in a row, of checks or requests, that take a replica out").default(3),
    ejectMs: ms("How long it stays out the first time; doubled each time").default(1000),
    maxEjectMs: ms("The longest it stays out").default(60_000),
    slowStartMs: z
      .int()
      .min(0)
      .default(5000)
      .describe("How long its share grows after it comes back, in milliseconds"),
  })
  .describe("When a replica gets requests");

const retries = z
  .strictObject({
    attempts: count("The most replicas that are tried for one request").default(3),
    trustAnnotations: z
      .boolean()
      .default(false)
      .describe(
        "Whether a tool that says readOnlyHint or idempotentHint may be called again after a connection broke before the answer began",
      ),
  })
  .describe("What is tried again. What may have run is only repeated where that does no harm");

const upstream = z
  .strictObject({
    url: z
      .union([httpUrl, z.array(httpUrl).min(1)])
      .optional()
      .describe("Its MCP endpoint, or those of its replicas"),
    command: z
      .array(z.string())
      .min(1)
      .optional()
      .describe("A program that speaks over stdio, with its arguments"),
    cwd: z.string().optional().describe("Where the command runs"),
    env: z
      .record(z.string(), z.string())
      .optional()
      .describe("What its environment has beside the usual"),
    module: z
      .string()
      .optional()
      .describe("A file that exports a Lutra server, run in processes of its own"),
    replicas: z.int().min(1).max(64).default(3).describe("How many processes run the module"),
    store: z
      .string()
      .regex(
        /^(?:memory:$|sqlite:.|postgres(?:ql)?:\/\/.)/,
        "expected memory:, sqlite:./state.db or postgres://user:password@host/database",
      )
      .optional()
      .describe(
        "Where a module keeps tasks, handles and claims. By default a file that is gone with its processes",
      ),
    bus: z
      .string()
      .regex(
        /^(?:rediss?|postgres(?:ql)?):\/\/./,
        "expected redis://host:6379 or postgres://user:password@host/database",
      )
      .optional()
      .describe(
        "What carries events between a module's processes. By default a store in Postgres, else the gateway's own process",
      ),
    verify: z
      .enum(["gateway", "upstream"])
      .optional()
      .describe(
        "Who compares headers with bodies. `upstream` lets bodies pass unread, and is right only for servers that are known to do it. By default `upstream` for modules, `gateway` for the rest",
      ),
    balance: z
      .enum(["round-robin", "least-in-flight", "two-choices"])
      .default("round-robin")
      .describe("How the next replica is chosen"),
    headers: z
      .record(token, headerValue)
      .optional()
      .describe("Headers that every request to it gets"),
    trustPublic: z
      .boolean()
      .optional()
      .describe(
        "Whether its results with cacheScope public are shared between callers. By default only those that answer requests without credentials; true when its public results are the same for all callers, false for none",
      ),
    timeouts: timeouts.prefault({}),
    concurrency: concurrency.prefault({}),
    health: health.prefault({}),
    retries: retries.prefault({}),
  })
  .refine(({ url, command, module }) => [url, command, module].filter(Boolean).length === 1, {
    error: "expected exactly one of url, command and module",
  })
  .refine(({ module, store, bus }) => module !== undefined || (store ?? bus) === undefined, {
    error: "expected module beside store and bus; leave them out",
  })
  .describe("A server behind the gateway")
  .meta(exactlyOne("url", "command", "module"));

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

const limit = z
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
        perMs: ms("In which time"),
      })
      .optional()
      .describe("The most in a time; a burst may use all of it at once"),
    concurrency: count("The most under way at once").optional(),
  })
  .refine(({ rate, concurrency }) => rate !== undefined || concurrency !== undefined, {
    error: "expected rate, concurrency or both",
  })
  .describe("A limit; what is beyond it is refused with 429");

const route = z
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

/** The schema of an upstream: its location, and how the gateway treats it. */
import { legacyVersions, modernVersions } from "lutra/protocol";
import { z } from "zod";
import { apps } from "./schema-apps.ts";
import { headers } from "./schema-headers.ts";
import { upstreamTls } from "./schema-tls.ts";
import { upstreamAuth } from "./schema-upstream-auth.ts";
import { busUrl, count, exactlyOne, httpUrl, ms, patterns, storeUrl } from "./schema-values.ts";

const timeouts = z
  .strictObject({
    connectMs: ms("Maximum time to open a connection").default(2000),
    firstByteMs: ms(
      "Maximum time from the end of the request to the first byte of the response",
    ).default(60_000),
    idleMs: ms("Maximum time between two chunks of a response").default(60_000),
    totalMs: ms("Maximum time for an exchange, except for subscriptions").default(600_000),
    partMs: ms(
      "Maximum time that a merged list or server/discover waits for this upstream",
    ).default(10_000),
  })
  .describe("Time limits");

const concurrency = z
  .strictObject({
    max: count("Maximum number of exchanges in flight, not counting subscriptions").default(1024),
    queue: z.int().min(0).default(1024).describe("Maximum number of requests that wait in a queue"),
    queueMs: ms("Maximum time in the queue").default(5000),
  })
  .describe("Limits on concurrency; requests beyond them are refused with status 503");

const health = z
  .strictObject({
    intervalMs: ms("Interval between two checks of a replica with server/discover").default(1500),
    timeoutMs: ms("Maximum time for one check").default(1000),
    failures: count(
      "Number of consecutive failures, of checks or requests, after which a replica is ejected: it receives no requests for a time",
    ).default(3),
    ejectMs: ms("Duration of the first ejection, doubled with each further one").default(1000),
    maxEjectMs: ms("Maximum duration of an ejection").default(60_000),
    slowStartMs: z
      .int()
      .min(0)
      .default(5000)
      .describe(
        "Time in which the share of a replica grows to a full one after an ejection, in milliseconds",
      ),
  })
  .describe("Health checks of replicas");

const retries = z
  .strictObject({
    attempts: count("Maximum number of replicas that are tried for one request").default(3),
    trustAnnotations: z
      .boolean()
      .default(false)
      .describe(
        "Also retries calls of tools that declare readOnlyHint or idempotentHint when the connection breaks before the response begins",
      ),
  })
  .describe("Retries. A request that may already have run is retried only if that is safe");

const lists = z
  .strictObject({
    ttlMs: ms("Time for which a list may be reused").max(86_400_000),
    cacheScope: z
      .enum(["public", "private"])
      .default("private")
      .describe("The callers that share the list: all of them, or those with the same credentials"),
  })
  .describe(
    "The freshness of lists, and of the answer to server/discover, for which the server names none. Without it, they are requested each time",
  );

const sessions = z
  .strictObject({
    max: count(
      "Maximum number of sessions, of which each caller has its own; over stdio, each is a process. Default: 100, or 16 for a command",
    ).optional(),
    idleMs: ms("Time after which a session that no call uses ends").default(300_000),
    inputWaitMs: ms(
      "Maximum time that a call waits for the answers to the input requests of its server",
    )
      .max(3_600_000)
      .default(600_000),
  })
  .describe("The sessions with a server of an earlier revision");

const selection = (entries: string, name: string) =>
  z
    .strictObject({
      include: patterns.optional().describe(`Patterns for ${name}; others are hidden`),
      exclude: patterns.optional().describe(`Patterns for ${name} to hide`),
    })
    .optional()
    .describe(
      `The ${entries} to offer. Hidden ones are not listed, and requests for them are answered as for unknown ones. Default: all`,
    );

const skills = z
  .strictObject({
    allow: patterns
      .optional()
      .describe(
        "Patterns for the URIs of skills that are served in any version, such as `skill://docs/*`",
      ),
    deny: patterns.optional().describe("Patterns for the URIs of skills that are never served"),
    approved: z
      .record(
        z.string().regex(/^[a-z][a-z0-9+.-]*:\/\/.+\/SKILL\.md$/i, {
          error: "expected the URI of a SKILL.md",
        }),
        z.string().regex(/^sha256:[0-9a-f]{64}$/, {
          error: "expected sha256: and 64 lower-case hexadecimal digits",
        }),
      )
      .default({})
      .describe(
        "The skills that are served with one content only: the digest of all files, by the URI of SKILL.md. `lutra skills <server>` prints both",
      ),
  })
  .describe(
    "The skills to serve. A skill that no rule names needs approval, and so does an approved one that has changed: it is not listed, requests for it and its files are refused, and the log names it. Default: all",
  );

export const upstream = z
  .strictObject({
    url: z
      .union([httpUrl, z.array(httpUrl).min(1)])
      .optional()
      .describe("The URL of the MCP endpoint, or one URL for each replica"),
    socket: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe(
        "The Unix socket to connect to instead of the host of the URL, or one for each replica. The URL, of which there is one, gives the path of the endpoint and the value of Host",
      ),
    tls: upstreamTls.optional(),
    command: z
      .array(z.string())
      .min(1)
      .optional()
      .describe("A program that serves MCP over stdio, and its arguments"),
    cwd: z.string().optional().describe("The working directory of the command"),
    env: z
      .record(
        z.string().regex(/^[^=\0]+$/, 'expected the name of a variable, without "="'),
        z.string(),
      )
      .optional()
      .describe("Environment variables to add for the command"),
    module: z
      .string()
      .optional()
      .describe("A file that exports a Lutra server; the gateway runs it in separate processes"),
    replicas: z.int().min(1).max(64).default(3).describe("Number of processes that run the module"),
    store: storeUrl
      .optional()
      .describe(
        "The store for a module's tasks, handles and replay claims. By default, a temporary file that is removed when the processes end",
      ),
    bus: busUrl
      .optional()
      .describe(
        "The event bus between a module's processes. By default, the store if it is Postgres, otherwise the gateway's process",
      ),
    verify: z
      .enum(["gateway", "upstream"])
      .optional()
      .describe(
        "The party that compares headers with bodies. With `upstream`, the gateway can forward bodies without parsing them; use it only for servers that are known to compare them. Default: `upstream` for modules, otherwise `gateway`",
      ),
    balance: z
      .enum(["round-robin", "least-in-flight", "two-choices"])
      .default("round-robin")
      .describe("The method that chooses the replica for a request"),
    era: z
      .enum(["auto", "modern", "legacy", ...modernVersions, ...legacyVersions])
      .default("auto")
      .describe(
        "The revision that the server speaks: `modern` for the current one, `legacy` for those that begin with initialize, or a version. `auto` detects it",
      ),
    sessions: sessions.prefault({}),
    headers: headers.optional(),
    auth: upstreamAuth.optional(),
    trustPublic: z
      .boolean()
      .optional()
      .describe(
        "Controls which results with cacheScope public are shared between callers: all results if true, none if false. By default, only those of requests without credentials",
      ),
    lists: lists.optional(),
    tools: selection("tools", "the names of tools"),
    prompts: selection("prompts", "the names of prompts"),
    resources: selection("resources", "URIs, and for URI templates"),
    skills: skills.optional(),
    apps: apps.optional(),
    timeouts: timeouts.prefault({}),
    concurrency: concurrency.prefault({}),
    health: health.prefault({}),
    retries: retries.prefault({}),
  })
  .refine(({ url, command, module }) => [url, command, module].filter(Boolean).length === 1, {
    error: "expected exactly one of url, command and module",
  })
  .refine(({ url, tls }) => tls === undefined || url === undefined || isSecure(url), {
    error: "tls requires https URLs; change url, or remove tls",
  })
  .refine(({ url, socket }) => socket === undefined || !Array.isArray(url), {
    error: "socket requires one url, such as http://localhost/mcp; list the replicas in socket",
  })
  .refine(({ module, store, bus }) => module !== undefined || (store ?? bus) === undefined, {
    error: "store and bus require module; remove them",
  })
  .describe("A server behind the gateway")
  .meta(exactlyOne("url", "command", "module"));

function isSecure(url: string | readonly string[]): boolean {
  return [url].flat().every((one) => one.toLowerCase().startsWith("https:"));
}

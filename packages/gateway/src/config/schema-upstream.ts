/** A server behind the gateway: where it is, and how it is treated. */
import { z } from "zod";
import { count, exactlyOne, headerValue, httpUrl, ms, token } from "./schema-values.ts";

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

export const upstream = z
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

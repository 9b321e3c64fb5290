/** Connections to Redis, and the classification of their errors. */
import { Redis } from "ioredis";
import { StoreUnavailableError } from "lutra/stores";
import { networkFailure } from "../network-failure.ts";

/** Maximum time that a call waits for a connection or for its reply, in milliseconds. */
const patienceMs = 2000;

/** Time without data after a command before the connection is replaced, in milliseconds. */
const silentMs = 2 * patienceMs;
const longestPauseMs = 1000;

export interface RedisConnectionOptions {
  /** Called with errors in the background. */
  readonly onError: (error: unknown) => void;
}

/** Creates a connection that reconnects automatically. It is not open yet. */
export function createRedis(url: string, { onError }: RedisConnectionOptions): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: patienceMs,
    commandTimeout: patienceMs,
    // A network that drops packets does not close connections.
    socketTimeout: silentMs,
    keepAlive: 2000,
    // Commands that were not sent before the connection broke fail, and are not sent later.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // With its own resubscription, ioredis causes an unhandled rejection when that fails.
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(longestPauseMs, 50 * 2 ** Math.min(attempt, 6)),
  });
  redis.on("error", (error) => onError(toStoreError(error)));
  return redis;
}

/** Runs a command. Rejects with a `StoreUnavailableError` while the server is unavailable. */
export async function withRedis<T>(redis: Redis, run: (redis: Redis) => Promise<T>): Promise<T> {
  try {
    await untilReady(redis);
    return await run(redis);
  } catch (error) {
    throw toStoreError(error);
  }
}

/** The waits for connections that are being opened. All calls share one, and so one listener. */
const openings = new WeakMap<Redis, Promise<void>>();

/** Waits for a connection that is being opened, up to a maximum time. */
function untilReady(redis: Redis): Promise<void> {
  if (redis.status === "ready") return Promise.resolve();
  const opening = openings.get(redis) ?? nextOpening(redis);
  openings.set(redis, opening);
  return opening;
}

function nextOpening(redis: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      redis.off("ready", done);
      openings.delete(redis);
    };
    const done = (): void => {
      end();
      resolve();
    };
    const timer = setTimeout(() => {
      end();
      reject(new StoreUnavailableError("redis", new Error(`the connection is ${redis.status}`)));
    }, patienceMs);
    redis.on("ready", done);
  });
}

/** Replies that reject a command, such as `WRONGTYPE`. They do not mean an outage. */
const serverReplies = /^(?:WRONGTYPE|ERR|NOSCRIPT|EXECABORT|NOPERM)\b/;
/** The reply of a server whose memory is full. Within a script, it follows the name of the script. */
const fullMemory = /\bOOM command not allowed\b/;

function toStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailableError || !(error instanceof Error)) return error;
  dropCommand(error);
  const isReply = serverReplies.test(error.message) && !fullMemory.test(error.message);
  return isReply ? error : new StoreUnavailableError("redis", error);
}

/** Removes the command that the driver adds, because its arguments may be passwords or responses. */
function dropCommand(error: Error & { command?: unknown }): void {
  delete error.command;
}

/**
 * Opens a connection. Rejects with the reason of a failure, without the password, and for a node of
 * a cluster.
 */
export async function openRedis(redis: Redis, url: string): Promise<void> {
  let last: unknown;
  const remember = (error: unknown): void => {
    last = error;
  };
  redis.on("error", remember);
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw describeFailure(url, last ?? error);
  } finally {
    redis.off("error", remember);
  }
  if (!(await isClusterNode(redis))) return;
  redis.disconnect();
  throw describeFailure(url, new Error(clusterRefusal));
}

const clusterRefusal =
  "it is a node of a cluster, which refuses the keys of other nodes; " +
  "use a Redis server that is not in cluster mode (cluster-enabled no)";

/** Returns true for a node of a cluster. Users without the right to ask are not asked for more. */
async function isClusterNode(redis: Redis): Promise<boolean> {
  const info = await redis.info("cluster").catch(() => "");
  return /^cluster_enabled:1\b/m.test(info);
}

/** A server in protected mode closes the connection before the driver has read its reason. */
const isClosed = /ECONNRESET|EPIPE|Connection is closed|^DENIED/;
const protectedMode =
  "closed the connection; if it runs in protected mode, which refuses clients of other machines, " +
  "set a password there, or protected-mode no";

function describeFailure(url: string, error: unknown): Error {
  const { hostname, port } = new URL(url);
  if (error instanceof Error) dropCommand(error);
  const said = error instanceof Error ? error.message : String(error);
  const isRefused = /^(?:WRONGPASS|NOAUTH)|invalid password|invalid username/.test(said);
  const reason = isRefused
    ? "refused the password"
    : isClosed.test(said)
      ? protectedMode
      : (networkFailure(error) ?? `failed: ${said}`);
  return new Error(`redis at ${hostname}:${port || 6379} ${reason}`, { cause: error });
}

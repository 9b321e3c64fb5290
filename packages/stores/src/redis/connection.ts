/** Connections to Redis, and what their errors mean. */
import { Redis } from "ioredis";
import { StoreUnavailableError } from "lutra/stores";

/** The longest that a call waits for a connection or for its answer, in milliseconds. */
const patienceMs = 2000;

const longestPauseMs = 1000;

export interface RedisConnectionOptions {
  /** Hears what goes wrong in the background. */
  readonly onError: (error: unknown) => void;
}

/** Makes a connection that comes back by itself. It is not open yet. */
export function createRedis(url: string, { onError }: RedisConnectionOptions): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: patienceMs,
    commandTimeout: patienceMs,
    keepAlive: 2000,
    // What is not on its way when the connection breaks is told to its caller, not sent later.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // ioredis lets nobody hear that it could not subscribe again, which ends the process.
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(longestPauseMs, 50 * 2 ** Math.min(attempt, 6)),
  });
  redis.on("error", (error) => onError(toStoreError(error)));
  return redis;
}

/** Runs a command; rejects with a `StoreUnavailableError` while there is no server. */
export async function withRedis<T>(redis: Redis, run: (redis: Redis) => Promise<T>): Promise<T> {
  try {
    await untilReady(redis);
    return await run(redis);
  } catch (error) {
    throw toStoreError(error);
  }
}

/** Waits for a connection that is on its way, for a while. */
function untilReady(redis: Redis): Promise<void> {
  if (redis.status === "ready") return Promise.resolve();
  return new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      redis.off("ready", done);
      resolve();
    };
    const timer = setTimeout(() => {
      redis.off("ready", done);
      reject(new StoreUnavailableError("redis", new Error(`the connection is ${redis.status}`)));
    }, patienceMs);
    redis.on("ready", done);
  });
}

/** What the server says of a command it does not take, such as `WRONGTYPE`, is no outage. */
const serverReplies = /^(?:WRONGTYPE|ERR|NOSCRIPT|EXECABORT|NOPERM|OOM)\b/;

function toStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailableError || !(error instanceof Error)) return error;
  dropCommand(error);
  return serverReplies.test(error.message) ? error : new StoreUnavailableError("redis", error);
}

/** The driver adds the command with its arguments: the password is one of them, responses are others. */
function dropCommand(error: Error & { command?: unknown }): void {
  delete error.command;
}

/** Opens a connection; says what keeps it from being opened, without the password. */
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
}

function describeFailure(url: string, error: unknown): Error {
  const { hostname, port } = new URL(url);
  if (error instanceof Error) dropCommand(error);
  const said = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const isRefused = /^(?:WRONGPASS|NOAUTH)|invalid password|invalid username/.test(said);
  const known: { readonly [code: string]: string } = {
    ENOTFOUND: "can't be found: no such host",
    EAI_AGAIN: "can't be found: its name does not resolve for now",
    ECONNREFUSED: "can't be reached: nobody listens there",
  };
  const reason = isRefused ? "refused the password" : (known[code] ?? `can't be used: ${said}`);
  return new Error(`redis at ${hostname}:${port || 6379} ${reason}`, { cause: error });
}

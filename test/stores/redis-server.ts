/** A Redis server for a test, on a free port and without persistence. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

export interface RedisServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
}

const given = process.env.LUTRA_TEST_REDIS_URL;

/** True when tests can stop and start a server of their own. */
export const hasRedisBinary: boolean = spawnSync("redis-server", ["--version"]).status === 0;

/** True when tests that need Redis can run. */
export const hasRedis: boolean = hasRedisBinary || given !== undefined;

/** The reason for skipped tests. */
export const withoutRedis =
  "needs Redis: apt-get install redis-server, or set LUTRA_TEST_REDIS_URL";

export interface RedisServerOptions {
  readonly password?: string;
  /** True for a node of a cluster, which owns no keys yet. */
  readonly isCluster?: boolean;
}

/** Returns the server of `LUTRA_TEST_REDIS_URL`, or starts one. */
export async function startRedis(
  isOwn = false,
  { password, isCluster = false }: RedisServerOptions = {},
): Promise<RedisServer> {
  if (given !== undefined && !isOwn) {
    return { url: given, start: async () => {}, stop: async () => {} };
  }
  const port = await freePort();
  const folder = isCluster ? mkdtempSync(join(tmpdir(), "lutra-redis-")) : undefined;
  let server: ChildProcess | undefined;
  const start = async () => {
    const flags = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    if (password !== undefined) flags.push("--requirepass", password);
    if (isCluster) flags.push("--cluster-enabled", "yes", "--dir", folder ?? "");
    const child = spawn("redis-server", flags, { stdio: ["ignore", "pipe", "inherit"] });
    server = child;
    for await (const line of child.stdout ?? []) if (`${line}`.includes("Ready to accept")) break;
  };
  const stop = async () => {
    if (server === undefined || server.exitCode !== null) return;
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
    server = undefined;
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };
  await start();
  const user = password === undefined ? "" : `:${password}@`;
  return { url: `redis://${user}127.0.0.1:${port}`, start, stop };
}

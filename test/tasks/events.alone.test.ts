/** Changes at one replica reach streams at another in time, over every bus. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type Subscription } from "lutra/client";
import { followTasks } from "lutra/tasks";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  hasPostgres,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "../stores/postgres-server.ts";
import { hasRedis, type RedisServer, startRedis, withoutRedis } from "../stores/redis-server.ts";
import { freshDatabase } from "./fresh-database.ts";
import { startStoreReplicas } from "./store-replicas.ts";

const changes = 100;
const withinMs = 250;

let folder: string;
let postgres: PostgresServer | undefined;
let redis: RedisServer | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lutra-events-"));
  if (hasPostgres) postgres = await startPostgres();
  if (hasRedis) redis = await startRedis();
});
afterAll(async () => {
  postgres?.remove();
  await redis?.stop();
  rmSync(folder, { recursive: true });
});

interface Engines {
  readonly store: string;
  readonly bus?: string | undefined;
}

const ways: readonly (readonly [string, () => Promise<Engines>, string | undefined])[] = [
  [
    "the channel of the supervisor, with SQLite",
    async () => ({ store: `sqlite:${join(folder, "channel.db")}` }),
    undefined,
  ],
  [
    "Postgres",
    async () => ({ store: await freshDatabase(postgres?.url ?? "", "events") }),
    hasPostgres ? undefined : withoutPostgres,
  ],
  [
    "Redis, with SQLite",
    async () => ({ store: `sqlite:${join(folder, "redis.db")}`, bus: redis?.url }),
    hasRedis ? undefined : withoutRedis,
  ],
];

for (const [bus, open, missing] of ways) {
  describe.skipIf(missing !== undefined)(missing ? `${bus} (${missing})` : bus, () => {
    it(`99 of 100 changes at one replica reach a stream at another within ${withinMs} ms`, async () => {
      const [a, b] = await startBoth(await open());
      const taskIds: string[] = [];
      for (let index = 0; index < changes; index += 1) {
        taskIds.push((await a.tasks.start("ask")).task?.taskId as string);
      }
      const stream = await b.listen({ taskIds });
      const told = new Told(stream);
      for (const taskId of taskIds) await told.of(taskId, "input_required");
      const latencies: number[] = [];
      for (const taskId of taskIds) {
        const startedAt = performance.now();
        const cancelling = a.tasks.cancel(taskId);
        await told.of(taskId, "cancelled");
        latencies.push(performance.now() - startedAt);
        await cancelling;
      }
      stream.close();
      latencies.sort((one, other) => one - other);
      const at = (share: number) => latencies[Math.ceil(changes * share) - 1] as number;
      console.log(`${bus}: p50 ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms`);
      expect(at(0.99)).toBeLessThan(withinMs);
    });
  });
}

/** Starts two replicas with a client each. */
async function startBoth(engines: Engines) {
  const module = new URL("fixtures/asking-server.mjs", import.meta.url);
  const replicas = await startStoreReplicas({ module, replicas: 2, ...engines });
  const clientOf = async (index: number) => {
    const client = await createClient(replicas[index]?.url as string, {
      extensions: [followTasks()],
      onElicit: () => ({ action: "decline" }),
    });
    onTestFinished(client.close);
    return client;
  };
  onTestFinished(async () => {
    await Promise.all(replicas.map((replica) => replica.close()));
  });
  return [await clientOf(0), await clientOf(1)] as const;
}

/** Records the notifications of a stream. */
class Told {
  readonly #seen = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  constructor(stream: Subscription) {
    void this.#read(stream).catch(() => {});
  }

  of(taskId: string, status: string): Promise<void> {
    const key = `${taskId} ${status}`;
    return new Promise((resolve) => {
      if (this.#seen.has(key)) resolve();
      else this.#waiting.set(key, resolve);
    });
  }

  async #read(stream: Subscription): Promise<void> {
    for await (const { params } of stream) {
      const key = `${params?.taskId} ${params?.status}`;
      this.#seen.add(key);
      this.#waiting.get(key)?.();
    }
  }
}

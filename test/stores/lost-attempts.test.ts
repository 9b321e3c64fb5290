/** Tasks that kill their process fail after a number of runs, and other tasks complete. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openStore, type Store } from "@lutra/stores";
import { createMemoryEventBus } from "lutra/stores";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  createRecords,
  type TaskRecord,
  type TaskRecords,
} from "../../packages/lutra/src/extensions/tasks/server/records.ts";
import { freshDatabase } from "../tasks/fresh-database.ts";
import {
  hasPostgres,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "./postgres-server.ts";

const program = fileURLToPath(new URL("./fixtures/killing-server.mjs", import.meta.url));
const maxLostAttempts = 6;
/** Long enough that a bystander is running whenever its process is killed. */
const takesMs = 1000;

let folder: string;
let server: PostgresServer | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lutra-lost-attempts-"));
  if (hasPostgres) server = await startPostgres();
});
afterAll(() => {
  server?.remove();
  rmSync(folder, { recursive: true });
});

/** Replicas that are restarted when they die. */
class Replicas {
  readonly errors: string[] = [];
  readonly #children = new Set<ChildProcess>();
  readonly #args: readonly string[];
  #isClosed = false;

  constructor(count: number, ...args: readonly string[]) {
    this.#args = args;
    for (let started = 0; started < count; started += 1) this.#start();
  }

  close(): void {
    this.#isClosed = true;
    for (const child of this.#children) child.kill("SIGKILL");
  }

  #start(): void {
    const child = fork(program, [...this.#args], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#children.add(child);
    child.on("message", (message) => {
      const { error } = message as { readonly error?: string };
      if (error !== undefined) this.errors.push(error);
    });
    child.on("exit", () => {
      this.#children.delete(child);
      if (!this.#isClosed) this.#start();
    });
  }
}

function recordsOf({ tasks: store }: Store): TaskRecords {
  return createRecords({
    store: () => {
      if (store === undefined) throw new Error("a store without tasks");
      return store;
    },
    events: createMemoryEventBus(),
    now: Date.now,
    onChange: () => {},
    onError: () => {},
  });
}

function create(records: TaskRecords, name: string): Promise<TaskRecord> {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const call = { name, arguments: {}, meta, principal: null };
  const memory = { answers: {}, steps: {}, state: undefined };
  return records.create({ ttlMs: null, pollIntervalMs: 100, call, memory });
}

async function over(records: TaskRecords, { taskId }: TaskRecord): Promise<TaskRecord["state"]> {
  return vi.waitUntil(
    async () => {
      const state = (await records.read(taskId))?.state;
      return state?.status === "working" ? undefined : state;
    },
    { timeout: 55_000, interval: 50 },
  );
}

const engines = {
  SQLite: async () => `sqlite:${join(folder, `${crypto.randomUUID()}.db`)}`,
  Postgres: () => freshDatabase(server?.url ?? "", "lost_runs"),
} as const;

for (const [engine, freshUrl] of Object.entries(engines)) {
  const isMissing = engine === "Postgres" && !hasPostgres;
  describe.skipIf(isMissing)(isMissing ? `${engine} (${withoutPostgres})` : engine, () => {
    let replicas: Replicas | undefined;
    let store: Store | undefined;
    afterEach(async () => {
      replicas?.close();
      await store?.close();
    });

    it.each([1, 2])(
      "fails only the task that kills its process, with %i replicas",
      async (count) => {
        const url = await freshUrl();
        const notes = join(folder, `${engine} ${count}`);
        store = await openStore(url);
        const records = recordsOf(store);
        const before = [await create(records, "bystander"), await create(records, "bystander")];
        const poison = await create(records, "poison");
        const after = [await create(records, "bystander"), await create(records, "bystander")];
        replicas = new Replicas(count, url, notes, `${maxLostAttempts}`, `${takesMs}`);
        const reason = `given up after ${maxLostAttempts} attempts were lost with their process`;
        expect(await over(records, poison)).toMatchObject({
          status: "failed",
          error: { code: -32603, message: `The task was ${reason}` },
        });
        expect(readFileSync(notes, "utf8")).toBe("poison\n".repeat(maxLostAttempts));
        for (const task of [...before, ...after]) {
          expect(await over(records, task)).toMatchObject({ status: "completed" });
        }
        const told = `Error: task ${poison.taskId} of the tool poison: ${reason}`;
        await vi.waitUntil(() => replicas?.errors.includes(told));
      },
    );
  });
}

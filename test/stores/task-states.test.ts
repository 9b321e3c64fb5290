/** The state machine of tasks over every store, compared with its pure functions. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPostgres } from "@lutra/stores/postgres";
import { openSqlite } from "@lutra/stores/sqlite";
import fc from "fast-check";
import { createMemoryEventBus, createMemoryTaskStore, type TaskStore } from "lutra/stores";
import { describe, expect, it } from "vitest";
import {
  emptyMemory,
  randomEvents,
} from "../../packages/lutra/src/extensions/tasks/fixtures/random-events.ts";
import {
  createRecords,
  type TaskRecords,
} from "../../packages/lutra/src/extensions/tasks/server/records.ts";
import { type TaskState, transition } from "../../packages/lutra/src/extensions/tasks/state.ts";
import { hasPostgres, startPostgres, withoutPostgres } from "./postgres-server.ts";

interface Opened {
  /** The stores of two replicas over the same data. */
  readonly stores: readonly [TaskStore, TaskStore];
  readonly close: () => Promise<void>;
}

async function openMemory(): Promise<Opened> {
  const store = createMemoryTaskStore();
  return { stores: [store, store], close: () => store.close() };
}

async function openFile(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), "lutra-test-"));
  const path = join(folder, "state.db");
  const [one, other] = [await openSqlite(path), await openSqlite(path)];
  const close = async () => {
    await Promise.all([one.close(), other.close()]);
    rmSync(folder, { recursive: true });
  };
  return { stores: [one.tasks, other.tasks], close };
}

async function openServer(): Promise<Opened> {
  const server = await startPostgres();
  const [one, other] = [await openPostgres(server.url), await openPostgres(server.url)];
  const close = async () => {
    await Promise.all([one.close(), other.close()]);
    await server.remove();
  };
  return { stores: [one.tasks, other.tasks], close };
}

const call = { name: "t", arguments: {}, meta: {}, principal: null };

function recordsOf(store: TaskStore): TaskRecords {
  const fail = (error: unknown) => {
    throw error;
  };
  const events = createMemoryEventBus();
  return createRecords({
    store: () => store,
    events,
    now: () => 0,
    onChange: () => {},
    onError: fail,
  });
}

/** JSON has no undefined, and stores may reorder members. */
const kept = (state: TaskState | undefined) => JSON.parse(JSON.stringify(state ?? null));

const happenings = fc.array(fc.tuple(randomEvents, fc.constantFrom(0 as const, 1 as const)), {
  maxLength: 20,
});

describe.each([
  ["memory", 300, true, openMemory],
  ["SQLite", 100, true, openFile],
  [`Postgres (${withoutPostgres})`, 30, hasPostgres, openServer],
] as const)("a task in %s", (_name, numRuns, isThere, open) => {
  it.skipIf(!isThere)("has the state of its events, whichever replica applies them", async () => {
    const { stores, close } = await open();
    const replicas = [recordsOf(stores[0]), recordsOf(stores[1])] as const;
    await fc.assert(
      fc.asyncProperty(happenings, async (all) => {
        const init = { ttlMs: null, pollIntervalMs: 10, call, memory: emptyMemory };
        const { taskId, state } = await replicas[0].create(init);
        let model = state;
        for (const [event, replica] of all) {
          await replicas[replica].change(taskId, event);
          model = transition(model, event, 0);
          const other = replicas[1 - replica] as TaskRecords;
          expect(kept((await other.read(taskId))?.state)).toEqual(kept(model));
        }
      }),
      { numRuns },
    );
    await close();
  });

  it.skipIf(!isThere)("has the state of two concurrent events in either order", async () => {
    const { stores, close } = await open();
    const replicas = [recordsOf(stores[0]), recordsOf(stores[1])] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.array(randomEvents, { maxLength: 6 }),
        randomEvents,
        randomEvents,
        async (before, a, b) => {
          const init = { ttlMs: null, pollIntervalMs: 10, call, memory: emptyMemory };
          const { taskId, state } = await replicas[0].create(init);
          for (const event of before) await replicas[0].change(taskId, event);
          const model = before.reduce((so, event) => transition(so, event, 0), state);
          await Promise.all([replicas[0].change(taskId, a), replicas[1].change(taskId, b)]);
          const orders = [
            transition(transition(model, a, 0), b, 0),
            transition(transition(model, b, 0), a, 0),
          ];
          expect(orders.map(kept)).toContainEqual(kept((await replicas[1].read(taskId))?.state));
        },
      ),
      { numRuns },
    );
    await close();
  });
});

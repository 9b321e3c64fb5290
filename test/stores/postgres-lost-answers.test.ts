/** Statements that Postgres has executed, but whose answers are lost with their connection. */
import { openPostgres, type PostgresStore } from "@lutra/stores/postgres";
import { StoreUnavailableError } from "lutra/stores";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CuttingProxy, startCuttingProxy } from "./cutting-proxy.ts";
import {
  hasPostgres,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "./postgres-server.ts";

const task = { version: 1, expiresAt: null, state: {} };

describe.skipIf(!hasPostgres)(`Postgres (${withoutPostgres})`, () => {
  let server: PostgresServer;
  let proxy: CuttingProxy;
  let store: PostgresStore;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());
  beforeEach(async () => {
    proxy = await startCuttingProxy(server.url);
    store = await openPostgres(proxy.url, { onError: () => {} });
  });
  afterEach(async () => {
    await store.close();
    proxy.close();
  });

  /** Resolves when the task runs. */
  function runOf(taskId: string): Promise<void> {
    return new Promise((resolve) => {
      store.tasks.work({
        concurrency: 1,
        onError: () => {},
        run: async ({ task: taken }) => {
          if (taken.taskId === taskId) resolve();
        },
      });
    });
  }

  it("runs a task although the answer to its claim was lost", async () => {
    const ran = runOf("claimed");
    proxy.cutAnswerWith("claimed");
    await store.tasks.create({ ...task, taskId: "claimed" }, { order: "run" });
    await ran;
    expect(proxy.cuts()).toBe(1);
  });

  it("keeps no held task if the answer to its creation was lost, since its caller goes on", async () => {
    proxy.cutAnswerTo("held");
    const held = store.tasks.hold({ ...task, taskId: "held" });
    await expect(held).rejects.toThrow(StoreUnavailableError);
    expect(proxy.cuts()).toBe(1);
    await expect.poll(() => store.tasks.get("held")).toBeUndefined();
  });

  it("keeps a held task when a second one with its id fails", async () => {
    const first = { ...task, taskId: "twice", state: { n: 1 } };
    await store.tasks.hold(first);
    proxy.cutAnswerTo("twice");
    const second = store.tasks.hold({ ...first, state: { n: 2 } });
    await expect(second).rejects.toThrow(StoreUnavailableError);
    // Postgres has then executed the statement that discards the second one.
    proxy.cutAnswerTo("DELETE FROM");
    await expect.poll(() => proxy.cuts()).toBe(2);
    expect(await store.tasks.get("twice")).toEqual(first);
  });
});

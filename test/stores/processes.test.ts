/** Stores between processes: who is killed is replaced, and all of them may start at once. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openStore, type Store } from "@lutra/stores";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  hasPostgres,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "./postgres-server.ts";
import { startWorker, type WorkerProcess } from "./worker-process.ts";

const run = promisify(execFile);
const task = { taskId: "a", version: 1, expiresAt: null, state: {} };
const hanging = { ...task, state: { takesForever: true } };

/** The time within which a task must go on elsewhere, in milliseconds. */
const replacedWithinMs = 15_000;

let folder: string;
let server: PostgresServer | undefined;
let databases = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lutra-processes-"));
  if (hasPostgres) server = await startPostgres();
});
afterAll(() => {
  server?.remove();
  rmSync(folder, { recursive: true });
});

const engines = {
  SQLite: async () => {
    databases += 1;
    return `sqlite:${join(folder, `${databases}.db`)}`;
  },
  Postgres: async () => {
    databases += 1;
    const url = server?.url ?? "";
    const name = `processes_${databases}`;
    const { default: pg } = await import("pg");
    const client = new pg.Client(url);
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    return url.replace(/\/[^/]*$/, `/${name}`);
  },
} as const;

for (const [engine, freshUrl] of Object.entries(engines)) {
  const isMissing = engine === "Postgres" && !hasPostgres;
  describe.skipIf(isMissing)(isMissing ? `${engine} (${withoutPostgres})` : engine, () => {
    const workers: WorkerProcess[] = [];
    let store: Store | undefined;
    afterEach(async () => {
      for (const { child } of workers.splice(0)) child.kill("SIGKILL");
      await store?.close();
      store = undefined;
    });

    async function start(url: string, role: "work" | "look" = "work"): Promise<WorkerProcess> {
      const worker = await startWorker(url, role);
      workers.push(worker);
      return worker;
    }

    it("a task whose worker is killed runs elsewhere", async () => {
      const url = await freshUrl();
      store = await openStore(url);
      const first = await start(url);
      const dropped = { ...hanging, taskId: "dropped" };
      for (const one of [hanging, dropped]) {
        await store.tasks.create(one, { order: "run" });
        await first.heard("runs", one.taskId);
      }
      await store.tasks.replace({ ...dropped, version: 2 }, { order: "drop" });
      const second = await start(url);
      const killedAt = performance.now();
      first.child.kill("SIGKILL");
      const tookMs = (await second.heard("runs", "a")) - killedAt;
      console.log(`${engine}: replaced a killed worker after ${Math.round(tookMs)} ms`);
      expect(tookMs).toBeLessThan(replacedWithinMs);
      expect(second.hasHeard("runs", "dropped")).toBe(false);
    });

    it("a task whose worker is killed goes before hundreds that wait", async () => {
      const url = await freshUrl();
      store = await openStore(url);
      const { tasks } = store;
      const first = await start(url);
      await tasks.create(hanging, { order: "run" });
      await first.heard("runs", "a");
      // One of the four places of each worker is free again every second or so.
      const waiting = Array.from({ length: 300 }, (_, n) => ({
        ...task,
        taskId: `waits ${n}`,
        state: { takesMs: 1000 },
      }));
      await Promise.all(waiting.map((one) => tasks.create(one, { order: "run" })));
      const second = await start(url);
      const killedAt = performance.now();
      first.child.kill("SIGKILL");
      const tookMs = (await second.heard("runs", "a")) - killedAt;
      console.log(`${engine}: went on in front of 300 after ${Math.round(tookMs)} ms`);
      expect(tookMs).toBeLessThan(replacedWithinMs);
    });

    it("a task that a killed process held is run", async () => {
      const url = await freshUrl();
      const [holder, worker] = [await start(url, "look"), await start(url)];
      holder.child.send({ create: task, order: "hold" });
      await holder.heard("created", "a");
      const killedAt = performance.now();
      holder.child.kill("SIGKILL");
      const tookMs = (await worker.heard("runs", "a")) - killedAt;
      console.log(`${engine}: took over from a killed holder after ${Math.round(tookMs)} ms`);
      expect(tookMs).toBeLessThan(replacedWithinMs);
    });

    // In Postgres it counts as alive as long as its machine keeps its connections in order.
    if (engine === "SQLite") {
      it("a process that stands still is replaced, and its run aborted when it goes on", async () => {
        const url = await freshUrl();
        store = await openStore(url);
        const first = await start(url);
        await store.tasks.create(hanging, { order: "run" });
        await first.heard("runs", "a");
        const second = await start(url);
        const stoppedAt = performance.now();
        first.child.kill("SIGSTOP");
        const tookMs = (await second.heard("runs", "a")) - stoppedAt;
        console.log(`${engine}: replaced a stopped worker after ${Math.round(tookMs)} ms`);
        expect(tookMs).toBeLessThan(replacedWithinMs);
        first.child.kill("SIGCONT");
        await first.heard("aborted", "a");
      });
    }

    it("an order wakes the worker of another process", async () => {
      const url = await freshUrl();
      store = await openStore(url);
      const worker = await start(url);
      const times: number[] = [];
      for (let n = 0; n < 15; n += 1) {
        const begun = performance.now();
        await store.tasks.create({ ...task, taskId: `${n}` }, { order: "run" });
        times.push((await worker.heard("runs", `${n}`)) - begun);
      }
      times.sort((a, b) => a - b);
      console.log(`${engine}: woke a worker after ${Math.round(times[7] ?? 0)} ms (median of 15)`);
      expect(times[7]).toBeLessThan(250);
    });

    it("eight processes that start at once find one store", async () => {
      const url = await freshUrl();
      const program = `
        import { openStore } from "@lutra/stores";
        const store = await openStore(${JSON.stringify(url)});
        const first = await store.replayGuard.claim("once", 60000);
        await store.close();
        console.log(first);`;
      const starts = Array.from({ length: 8 }, () =>
        run(process.execPath, ["--input-type=module", "--eval", program]),
      );
      const printed = (await Promise.all(starts)).map(({ stdout }) => stdout.trim());
      expect(printed.sort()).toEqual([...Array.from({ length: 7 }, () => "false"), "true"]);
    });
  });
}

it("a process with a closed store ends by itself", async () => {
  const program = `
    import { openStore } from "@lutra/stores";
    const store = await openStore("sqlite:${join(folder, "ends.db")}");
    await store.tasks.create(${JSON.stringify(task)}, { order: "hold" });
    const worker = store.tasks.work({ concurrency: 1, run: async () => {}, onError: () => {} });
    await worker.close(0);
    await store.close();`;
  const { child } = run(process.execPath, ["--input-type=module", "--eval", program]);
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
});

/** Stores that several processes share, of which some are killed or stopped. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
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

/** Maximum time until a task runs elsewhere, in milliseconds. */
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

/**
 * Postgres keeps the session of a stopped process as long as its connection works. Ends it as a broken
 * network would. In SQLite, the lease of the process expires.
 */
async function endSessionOf(taskId: string, url: string): Promise<void> {
  if (!url.startsWith("postgres")) return;
  const { default: pg } = await import("pg");
  const client = new pg.Client(url);
  await client.connect();
  const { rowCount } = await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks
     WHERE locktype = 'advisory' AND objid = (
       SELECT runner FROM lutra.tasks WHERE task_id = $1)::oid
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [taskId],
  );
  await client.end();
  expect(rowCount).toBe(1);
}

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

    it("runs the task of a killed worker in another process", async () => {
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

    it("runs the task of a killed worker before hundreds of waiting tasks", async () => {
      const url = await freshUrl();
      store = await openStore(url);
      const { tasks } = store;
      const first = await start(url);
      await tasks.create(hanging, { order: "run" });
      await first.heard("runs", "a");
      // A worker runs four of these at a time, each for about a second.
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
      console.log(`${engine}: continued before 300 others after ${Math.round(tookMs)} ms`);
      expect(tookMs).toBeLessThan(replacedWithinMs);
    });

    it("runs a task that a killed process held", async () => {
      const url = await freshUrl();
      const [holder, worker] = [await start(url, "look"), await start(url)];
      holder.child.send({ hold: task });
      await holder.heard("held", "a");
      const killedAt = performance.now();
      holder.child.kill("SIGKILL");
      const tookMs = (await worker.heard("runs", "a")) - killedAt;
      console.log(`${engine}: took over from a killed holder after ${Math.round(tookMs)} ms`);
      expect(tookMs).toBeLessThan(replacedWithinMs);
    });

    it("replaces a stopped process, which can't change its tasks when it continues", async () => {
      const url = await freshUrl();
      store = await openStore(url);
      const { tasks } = store;
      const first = await start(url);
      await tasks.create(hanging, { order: "run" });
      await first.heard("runs", "a");
      first.child.send({ hold: { ...hanging, taskId: "held" } });
      await first.heard("held", "held");
      const second = await start(url);
      const stoppedAt = performance.now();
      first.child.kill("SIGSTOP");
      await endSessionOf("a", url);
      const tookMs = (await second.heard("runs", "a")) - stoppedAt;
      await second.heard("runs", "held");
      console.log(`${engine}: replaced a stopped worker after ${Math.round(tookMs)} ms`);
      expect(tookMs).toBeLessThan(replacedWithinMs);
      // The process writes as soon as it continues, before it is notified of its loss.
      first.child.send({ write: ["a", "held"] });
      first.child.kill("SIGCONT");
      for (const taskId of ["a", "held"]) {
        await first.heard("refused", taskId);
        await first.heard("aborted", taskId);
        expect(await tasks.get(taskId)).toEqual({ ...hanging, taskId });
        second.child.send({ write: [taskId] });
        await second.heard("written", taskId);
        expect(await tasks.get(taskId)).toMatchObject({ version: 2 });
      }
    });

    it("replaces a stopped process, which runs no further effects when it continues", async () => {
      const url = await freshUrl();
      store = await openStore(url);
      const first = await start(url);
      await store.tasks.create({ ...task, state: { hasEffects: true } }, { order: "run" });
      await first.heard("effect", "a");
      const second = await start(url);
      first.child.kill("SIGSTOP");
      await endSessionOf("a", url);
      await second.heard("effect", "a");
      const takenAt = Number(second.allHeard("effect", "a")[0]?.at);
      // A shorter stop could go unnoticed, because an attempt is trusted for a tenth of a second.
      await delay(300); // time: the duration of the stop
      first.child.kill("SIGCONT");
      await first.heard("stopped", "a");
      const late = first.allHeard("effect", "a").filter(({ at }) => Number(at) >= takenAt);
      expect(late).toEqual([]);
    });

    it("wakes the worker of another process", async () => {
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

    it("opens one store in twelve processes that start at once", async () => {
      const url = await freshUrl();
      const program = `
        import { openStore } from "@lutra/stores";
        const store = await openStore(${JSON.stringify(url)});
        const first = await store.replayGuard.claim("once", 60000);
        await store.close();
        console.log(first);`;
      const starts = Array.from({ length: 12 }, () =>
        run(process.execPath, ["--input-type=module", "--eval", program]),
      );
      const printed = (await Promise.all(starts)).map(({ stdout }) => stdout.trim());
      expect(printed.sort()).toEqual([...Array.from({ length: 11 }, () => "false"), "true"]);
    });
  });
}

it("lets a process end once its store is closed", async () => {
  const program = `
    import { openStore } from "@lutra/stores";
    const store = await openStore("sqlite:${join(folder, "ends.db")}");
    await store.tasks.hold(${JSON.stringify(task)});
    const worker = store.tasks.work({ concurrency: 1, run: async () => {}, onError: () => {} });
    await worker.close(0);
    await store.close();`;
  const { child } = run(process.execPath, ["--input-type=module", "--eval", program]);
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Libsql from "libsql";
import { StoreUnavailableError } from "lutra/stores";
import { expect, it, onTestFinished } from "vitest";
import { openSqlite } from "./open-sqlite.ts";

it("requests that need no store go on while another program locks it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lutra-sqlite-"));
  const path = join(folder, "store.db");
  const store = await openSqlite(path);
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const other = new Libsql(path);
  other.exec("BEGIN IMMEDIATE");
  const writes = Array.from({ length: 60 }, (_, index) =>
    store.handles.create({ scope: "s", id: `${index}`, version: 1, expiresAt: null, value: 1 }),
  );
  const written = Promise.all(writes);
  const pauses: number[] = [];
  const endAt = performance.now() + 500;
  for (let last = performance.now(); last < endAt; ) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    pauses.push(now - last);
    last = now;
  }
  other.exec("COMMIT");
  other.close();
  await written;
  expect(usualPause(pauses)).toBeLessThan(25);
});

it("a store makes calls fail in time while another program locks it, and then recovers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lutra-sqlite-"));
  const path = join(folder, "store.db");
  const store = await openSqlite(path);
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const other = new Libsql(path);
  other.exec("BEGIN IMMEDIATE");
  const task = { taskId: "a", version: 1, expiresAt: null, state: {} };
  const begun = performance.now();
  const refused = store.tasks.create(task, {});
  await expect(refused).rejects.toThrow(StoreUnavailableError);
  await expect(refused).rejects.toMatchObject({ status: 503, retryAfterMs: 2000 });
  expect(performance.now() - begun).toBeLessThan(4000);
  // Readers do not wait for a writer.
  expect(await store.tasks.get("a")).toBeUndefined();
  other.exec("COMMIT");
  other.close();
  await store.tasks.create(task, {});
  expect(await store.tasks.get("a")).toEqual(task);
});

/** Returns the length of the pause in which a request arrives at half of all times. */
function usualPause(pauses: readonly number[]): number {
  const sorted = [...pauses].sort((a, b) => a - b);
  let left = sorted.reduce((sum, ms) => sum + ms, 0) / 2;
  for (const ms of sorted) {
    left -= ms;
    if (left <= 0) return ms;
  }
  return 0;
}

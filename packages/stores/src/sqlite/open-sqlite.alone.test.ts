import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Libsql from "libsql";
import { StoreUnavailableError } from "lutra/stores";
import { expect, it, onTestFinished } from "vitest";
import { openSqlite } from "./open-sqlite.ts";

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

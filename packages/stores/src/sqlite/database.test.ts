import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Database } from "./database.ts";

it("can write after an interrupted read and a write of another process", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lutra-test-"));
  const path = join(folder, "state.db");
  const [one, other] = [new Database(path, false), new Database(path, false)];
  one.exec("PRAGMA journal_mode = WAL");
  one.exec("CREATE TABLE counts (n INTEGER)");
  one.exec("INSERT INTO counts VALUES (0)");
  one.exec("BEGIN");
  one.rows("SELECT n FROM counts");
  other.exec("UPDATE counts SET n = n + 1");
  await one.run((database) => database.changes("UPDATE counts SET n = n + 1"));
  expect(other.rows("SELECT n FROM counts")).toEqual([{ n: 2 }]);
  one.close();
  other.close();
  rmSync(folder, { recursive: true });
});

/** `lutra work` beside `lutra serve`, with one SQLite file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "@lutra/stores/sqlite";
import { expect, it, onTestFinished } from "vitest";
import { endLutra, runLutra, startLutra } from "./run-lutra.ts";
import { begin, connect, tasksModule as module, textOf } from "./tasks-client.ts";

/** Number of tasks that one process runs at a time. */
const concurrency = 16;

function freshFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "lutra-work-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "state.db");
}

function connectedTo(url: string) {
  const client = connect(url);
  onTestFinished(client.close);
  return client;
}

it("completes a task of another process, and ends gracefully", async () => {
  const path = freshFile();
  const store = ["--store", `sqlite:${path}`];
  const serving = await startLutra("serve", module, ...store);
  const { client, taskId, pid } = await begin(serving.url);
  onTestFinished(client.close);
  expect(pid).toBe(serving.child.pid);
  const working = runLutra("work", module, ...store);
  await working.line(/^working on tasks$/);
  serving.child.kill("SIGKILL");
  const file = await openSqlite(path);
  const status = async () => (await file.tasks.get(taskId))?.state.status;
  await expect.poll(status, { timeout: 20_000 }).toBe("completed");
  await file.close();
  await endLutra(working);

  const again = await startLutra("serve", module, ...store);
  const text = textOf(await connectedTo(again.url).tasks.resume(taskId));
  expect(text).toBe(`begun by ${pid}, ended by ${working.child.pid}`);
  await endLutra(again);
});

it("releases the tasks that it runs when it ends", async () => {
  const path = freshFile();
  const store = ["--store", `sqlite:${path}`];
  const serving = await startLutra("serve", module, ...store);
  // The serving process has no place for a further task, so that the other one runs it.
  const begun = await Promise.all(Array.from({ length: concurrency }, () => begin(serving.url)));
  for (const { client } of begun) onTestFinished(client.close);
  const working = runLutra("work", module, ...store);
  await working.line(/^working on tasks$/);
  const { client, taskId, pid } = await begin(serving.url, false);
  onTestFinished(client.close);
  expect(pid).toBe(working.child.pid);
  await endLutra(working);
  const file = await openSqlite(path);
  const listed = (await file.tasks.list?.(100))?.find(({ task }) => task.taskId === taskId);
  await file.close();
  expect(listed).toMatchObject({ isRunning: false, lostAttempts: 0 });
  const other = runLutra("work", module, ...store);
  const text = textOf(await client.tasks.resume(taskId));
  expect(text).toBe(`begun by ${pid}, ended by ${other.child.pid}`);
  await endLutra(other);
  await endLutra(serving);
});

it.each([
  [[module], 2, /^lutra: --store: expected the store of the processes that create the tasks/],
  [[module, "--store", "memory:"], 2, /^lutra: --store: expected the store of the processes/],
  [
    ["plain-server.mjs", "--store", "sqlite:"],
    1,
    /^lutra: cannot work for plain-server.mjs: expected the extension tasks\(\)/,
  ],
] as const)("refuses %j", async (args, code, message) => {
  const withFile = args.map((arg) => (arg === "sqlite:" ? `sqlite:${freshFile()}` : arg));
  const lutra = runLutra("work", ...withFile, { LUTRA_STORE: "" });
  expect(await lutra.exited).toBe(code);
  await lutra.closed;
  expect(lutra.stderr).toEqual([expect.stringMatching(message)]);
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { Start } from "./messages.ts";
import { keepRunning, type RunningProcess } from "./process-slot.ts";

/** Keeps a program running until the test has finished. */
function start(
  program: string,
  limits: { readonly startMs: number; readonly silentMs: number },
  hasOthers = () => true,
) {
  const folder = mkdtempSync(join(tmpdir(), "lutra-slot-"));
  const path = join(folder, "program.mjs");
  writeFileSync(path, program);
  const closing = new AbortController();
  const notices: string[] = [];
  const ready: RunningProcess[] = [];
  const connected = new Set<RunningProcess>();
  const ended = keepRunning({
    number: 1,
    program: path,
    connect: (process) => connected.add(process),
    start: () => ({}) as Start,
    limits: () => limits,
    onReady: async (process) => {
      ready.push(process);
      return true;
    },
    onEnd: (process) => connected.delete(process),
    hasOthers,
    notice: (line) => notices.push(line),
    closing: closing.signal,
  });
  ended.catch(() => {});
  onTestFinished(async () => {
    closing.abort();
    for (const { kill } of connected) kill();
    await ended.catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  });
  return { notices, ready, ended };
}

const answering = `process.on("message", ({ type, id, name }) => {
  process.send({ type, answers: id });
  if (name === "start") after();
});
process.on("disconnect", () => process.exit());`;
const silent = 'process.on("message", () => {});';
const patient = { startMs: 30_000, silentMs: 30_000 };

it("kills a process that does not start in time, and tries again while others serve", async () => {
  let isAlone = false;
  const limits = { ...patient, startMs: 20 };
  const { notices, ready, ended } = start(silent, limits, () => !isAlone);
  await expect.poll(() => notices.length, { timeout: 20_000 }).toBe(6);
  isAlone = true;
  await expect(ended).rejects.toThrow(/gave up: process 1 died 5 times .* had not started after/);
  expect(notices[0]).toMatch(
    /^process 1 died \(killed, because it had not started after 0.02 s, pid \d+\); restarting in 0.1 s$/,
  );
  expect(ready).toEqual([]);
});

it("kills a process that no longer answers, and starts it again", async () => {
  const stopped = `${answering} const after = () => process.kill(process.pid, "SIGSTOP");`;
  const { notices, ready } = start(stopped, { ...patient, silentMs: 300 });
  await expect.poll(() => ready.length, { timeout: 20_000 }).toBe(2);
  expect(notices[0]).toBe("process 1 has not answered for 0.3 s, and is killed");
  expect(notices[1]).toMatch(/^process 1 died \(SIGKILL, pid \d+\); restarting in/);
});

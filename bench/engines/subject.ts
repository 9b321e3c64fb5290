/**
 * One engine in a process of its own, so that its memory is not shared with other engines.
 * Arguments: the name of the engine, the location of its data.
 */
import { openPostgres } from "@lutra/stores/postgres";
import { openSqlite } from "@lutra/stores/sqlite";
import { createMemoryTaskStore } from "lutra/stores";
import { type Calls, type Question, type Ready, usage } from "../messages.ts";
import { drive, maxTasks, type Subject } from "../tasks/engine.ts";
import { mapFloor, memoryFloor, postgresFloor, sqliteFloor } from "../tasks/floors.ts";
import { plainServer, taskServer } from "../tasks/task-server.ts";

const engines: { readonly [name: string]: (location: string) => Subject | Promise<Subject> } = {
  "memory-lutra": () => taskServer(createMemoryTaskStore({ maxTasks })),
  "memory-floor": memoryFloor,
  "memory-plain": plainServer,
  "memory-map": mapFloor,
  "sqlite-lutra": async (file) => taskServer((await openSqlite(file)).tasks),
  "sqlite-floor": sqliteFloor,
  "postgres-lutra": async (url) => taskServer((await openPostgres(url)).tasks),
  "postgres-floor": postgresFloor,
};

const [, , name = "", location = ""] = process.argv;
const open = engines[name];
if (open === undefined) throw new TypeError(`${name}: no such engine`);
const subject = await open(location);

process.on("message", async (question: Question) => {
  if (question.ask !== "call") return;
  const { inFlight, durationMs } = question;
  const before = usage(false).cpuMicros;
  const sample = await drive(subject, { inFlight, durationMs });
  const cpuMicros = usage(false).cpuMicros - before;
  process.send?.({ ...sample, cpuMicros } satisfies Calls);
});
process.on("disconnect", () => process.exit());
process.send?.({ port: 0 } satisfies Ready);

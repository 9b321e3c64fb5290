/**
 * Three replicas over Postgres behind a gateway, and 200 tasks of four steps with a question in the
 * middle; every 2 s a random replica is killed and started again, once the one before is back, until
 * the last task has ended.
 *
 *     node --import tsx bench/chaos/tasks-kills.ts [seconds]
 *
 * The seconds are those over which tasks are started, 60 by default. Needs Postgres. Exits with 1 when a
 * task did not end as it should have, an effect did not happen or counted twice, or a task that was
 * broken off did not go on within 15 s.
 */
import { hasPostgres, startPostgres, withoutPostgres } from "../../test/stores/postgres-server.ts";
import { freshDatabase } from "../../test/tasks/fresh-database.ts";
import { type KilledTasks, runKilledTasks } from "../../test/tasks/killed-tasks.ts";
import { machine } from "../machine.ts";

const seconds = Number(process.argv[2] ?? 60);
const tasks = 200;
const killEveryMs = 2000;
const stepMs = 500;
const resumedWithinMs = 15_000;

if (!hasPostgres) throw new Error(withoutPostgres);
const server = await startPostgres();
try {
  const database = await freshDatabase(server.url, "chaos");
  const startEveryMs = (seconds * 1000) / tasks;
  const run = await runKilledTasks({ database, tasks, startEveryMs, stepMs, killEveryMs });
  report(run);
  process.exitCode = isGood(run) ? 0 : 1;
} finally {
  server.remove();
}

function report({ effects, wrong, ...run }: KilledTasks): void {
  const sorted = [...run.resumedAfterMs].sort((a, b) => a - b);
  const at = (share: number) => {
    const ms = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return `${(ms / 1000).toFixed(2)} s`;
  };
  const rows = [
    ["tasks, of four steps with a question in the middle", tasks],
    ["replicas killed with SIGKILL, 2 s apart, or more where the last one was not back", run.kills],
    ["seconds until the last task had ended", run.seconds.toFixed(1)],
    ["tasks that ended otherwise than they should have, or answers lost", wrong.length],
    ["effects, one for each step", effects.steps],
    ["of them: did not happen", effects.missing],
    ["of them: counted twice", effects.twice],
    ["times that an effect was tried", effects.attempts],
    ["runs broken off in their middle by a kill", run.brokenOff],
    ["of them: not seen again", run.brokenOff - sorted.length],
    ["the others went on after: median", at(0.5)],
    ["p99", at(0.99)],
    ["longest", at(1)],
    ["requests of clients that were sent again", run.retries],
  ];
  console.log(`${machine()}\n\n| what | |\n| --- | ---: |`);
  for (const [what, value] of rows) console.log(`| ${what} | ${value} |`);
  for (const one of wrong) console.error(one);
}

function isGood({ wrong, kills, effects, brokenOff, resumedAfterMs }: KilledTasks): boolean {
  const areOnce = effects.missing === 0 && effects.twice === 0;
  const areBack =
    resumedAfterMs.length === brokenOff && resumedAfterMs.every((ms) => ms < resumedWithinMs);
  return wrong.length === 0 && kills > 0 && areOnce && areBack;
}

/**
 * Three replicas over Postgres behind a gateway run 200 tasks, all started at once. Each task has
 * four steps and an input request. Every 2 s a random replica is killed and restarted, even while the
 * previous one is still starting, until the last task has ended. One replica always stays alive.
 *
 *     node --import tsx bench/chaos/tasks-kills.ts [seconds] [--write]
 *
 * The length of the steps is chosen so that the run takes about the given seconds, 60 by default.
 * Needs Postgres. Exits with 1 when a task did not end as expected, an effect did not happen or
 * counted twice, or an interrupted task did not resume within 15 s.
 */
import { hasPostgres, startPostgres, withoutPostgres } from "../../test/stores/postgres-server.ts";
import { freshDatabase } from "../../test/tasks/fresh-database.ts";
import { type KilledTasks, runKilledTasks } from "../../test/tasks/killed-tasks.ts";
import { factTable, writePage } from "./write-page.ts";

const [given = "60"] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const seconds = Number(given);
const tasks = 200;
const killEveryMs = 2000;
const resumedWithinMs = 15_000;
/** About 800 steps, and those repeated after kills, share the slots of the live replicas. */
const stepMs = Math.round((seconds * 1000) / 30);

if (!hasPostgres) throw new Error(withoutPostgres);
const server = await startPostgres();
/** On a slow machine, replicas may be killed before they make progress. */
const giveUp = setTimeout(
  () => {
    server.remove();
    console.error(`not done after ${4 * seconds} s`);
    process.exit(1);
  },
  4 * seconds * 1000,
);
try {
  const database = await freshDatabase(server.url, "chaos");
  const run = await runKilledTasks({ database, tasks, startEveryMs: 0, stepMs, killEveryMs });
  report(run);
  process.exitCode = isGood(run) ? 0 : 1;
} finally {
  clearTimeout(giveUp);
  server.remove();
}

function report({ effects, wrong, kills, waits, ...run }: KilledTasks): void {
  const gaps = kills.slice(1).map(({ at }, index) => at - (kills[index]?.at ?? at));
  const resumed = spread(run.resumedAfterMs);
  const facts = factTable([
    ["tasks of four steps, with an input request in the middle", tasks],
    ["time that the effect of a step takes", inSeconds(stepMs)],
    ["time until the last task had ended", inSeconds(run.seconds * 1000)],
    ["replicas killed with SIGKILL", kills.length],
    ["time between two kills: median", spread(gaps).median],
    ["longest", spread(gaps).longest],
    ["kills that were delayed because only one replica was alive", waits],
    ["tasks that ended with an unexpected result, and lost answers", wrong.length],
    ["effects, one for each step", effects.steps],
    ["of them: missing", effects.missing],
    ["of them: took effect twice", effects.twice],
    ["attempts of effects", effects.attempts],
    ["attempts interrupted by a kill", run.brokenOff],
    ["of them: not resumed", run.brokenOff - run.resumedAfterMs.length],
    ["the others resumed after: median", resumed.median],
    ["p99", resumed.p99],
    ["longest", resumed.longest],
    ["client requests that were retried", run.retries],
  ]);
  writePage(
    "chaos-tasks",
    "Tasks on replicas that are killed",
    `Written by \`npm run chaos -- tasks ${seconds} --write\`. Three replicas over Postgres behind one gateway; each runs up to 16 tasks at once. All tasks are started at once, so most of them are queued. Every 2 s a random live replica is killed and restarted, even while the previous one is still starting; one replica always stays alive.

${facts}

An attempt counts as interrupted when the last activity of its task before a kill came from the killed process. It counts as resumed at the first activity of another process. Interrupted tasks take precedence over tasks that have not started, and wait for a free slot. A repeated effect has the same idempotency key as the first attempt.`,
  );
  for (const one of wrong) console.error(one);
}

function spread(times: readonly number[]) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) =>
    inSeconds(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { median: at(0.5), p99: at(0.99), longest: at(1) };
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function isGood({ wrong, kills, effects, brokenOff, resumedAfterMs }: KilledTasks): boolean {
  const areOnce = effects.missing === 0 && effects.twice === 0;
  const areBack =
    resumedAfterMs.length === brokenOff && resumedAfterMs.every((ms) => ms < resumedWithinMs);
  return wrong.length === 0 && kills.length > 0 && areOnce && areBack;
}

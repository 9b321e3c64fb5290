/** Replicas that die while they run tasks. Every task ends, and every effect counts once. */
import { expect, it } from "vitest";
import { hasPostgres, startPostgres, withoutPostgres } from "../stores/postgres-server.ts";
import { freshDatabase } from "./fresh-database.ts";
import { runKilledTasks } from "./killed-tasks.ts";

const name = "24 tasks end, with each effect once and no answer lost, while replicas are killed";

it.skipIf(!hasPostgres)(
  hasPostgres ? name : `${name} (${withoutPostgres})`,
  { timeout: 120_000 },
  async () => {
    const server = await startPostgres();
    try {
      const database = await freshDatabase(server.url, "kills");
      const run = await runKilledTasks({
        database,
        tasks: 24,
        startEveryMs: 100,
        stepMs: 1000,
        killEveryMs: 2000,
        minKills: 3,
        maxKills: 4,
      });
      expect(run.wrong).toEqual([]);
      expect(run.kills.length).toBeGreaterThanOrEqual(3);
      expect(run.effects).toMatchObject({ steps: 96, missing: 0, twice: 0 });
      // Only runs that a kill interrupted repeat effects.
      expect(run.effects.attempts).toBeGreaterThanOrEqual(96);
      expect(run.brokenOff).toBeGreaterThan(0);
      expect(run.resumedAfterMs).toHaveLength(run.brokenOff);
      expect(Math.max(...run.resumedAfterMs)).toBeLessThan(15_000);
    } finally {
      server.remove();
    }
  },
);

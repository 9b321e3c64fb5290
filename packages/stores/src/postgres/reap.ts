/** Gives away what dead processes ran or held. */
import type { Connection } from "./connection.ts";
import { lockClass, reapLock } from "./migrations.ts";
import { freeTasks, hasOrphans, unlockJobs } from "./queue.ts";

/** Many processes may look at once: one of them gives away what there is. */
export async function reap(connection: Connection): Promise<void> {
  const [row] = await connection.rows<{ readonly found: boolean }>(hasOrphans, []);
  if (row?.found) await giveAway(connection);
}

async function giveAway({ pool }: Connection): Promise<void> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    await client.query("BEGIN");
    const locked = await client.query<{ readonly isOurs: boolean }>(
      'SELECT pg_try_advisory_xact_lock($1, $2) AS "isOurs"',
      [lockClass, reapLock],
    );
    if (locked.rows[0]?.isOurs) {
      for (const statement of [...unlockJobs, freeTasks]) await client.query(statement);
    }
    await client.query("COMMIT");
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    // A connection in the middle of a transaction is not used again.
    client.release(failure);
  }
}

/** Claims in Postgres. */
import type { ReplayGuard } from "lutra/stores";
import type { Connection } from "./connection.ts";

/** Expired claims are deleted in small batches along with new ones. */
const sweepEvery = 64;
const sweepLimit = 200;

export function createPostgresReplayGuard(
  connection: Connection,
  { now, onError }: { readonly now: () => number; readonly onError: (error: unknown) => void },
): ReplayGuard {
  let claims = 0;

  function sweep(): void {
    const sql = `DELETE FROM lutra.claims WHERE id IN (
      SELECT id FROM lutra.claims WHERE expires_at <= $1
      ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`;
    connection.count(sql, [now(), sweepLimit]).catch(onError);
  }

  return {
    isShared: true,
    claim: async (id, ttlMs) => {
      claims += 1;
      if (claims % sweepEvery === 0) sweep();
      const time = now();
      const sql = `INSERT INTO lutra.claims AS c VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at WHERE c.expires_at <= $3`;
      return (await connection.count(sql, [id, time + ttlMs, time])) > 0;
    },
  };
}

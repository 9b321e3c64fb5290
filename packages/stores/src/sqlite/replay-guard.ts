/** Claims in a SQLite file, which survive every process. */
import type { ReplayGuard } from "lutra/stores";
import type { Database } from "./database.ts";

/** Expired claims are deleted in small batches along with new ones. */
const sweepEvery = 64;
const sweepLimit = 200;

export function createSqliteReplayGuard(database: Database, now: () => number): ReplayGuard {
  let claims = 0;
  return {
    isShared: true,
    claim: (id, ttlMs) =>
      database.run((connection) => {
        const time = now();
        claims += 1;
        if (claims % sweepEvery === 0) {
          connection.changes(
            `DELETE FROM claims WHERE id IN
               (SELECT id FROM claims WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)`,
            time,
            sweepLimit,
          );
        }
        const granted = connection.changes(
          `INSERT INTO claims (id, expires_at) VALUES (?1, ?2)
           ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at
           WHERE claims.expires_at <= ?3`,
          id,
          time + ttlMs,
          time,
        );
        return granted > 0;
      }),
  };
}

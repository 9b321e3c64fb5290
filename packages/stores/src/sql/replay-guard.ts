/** Claims in a table. */
import type { ReplayGuard } from "lutra/stores";
import type { SqlEngine } from "./engine.ts";

/** Expired claims are deleted in small batches along with new ones. */
const sweepEvery = 64;
const sweepLimit = 200;

export interface SqlReplayGuardOptions {
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

export function createSqlReplayGuard(
  engine: SqlEngine,
  { now, onError }: SqlReplayGuardOptions,
): ReplayGuard {
  const table = `${engine.schema}claims`;
  let claims = 0;

  function sweep(): void {
    const sql = `DELETE FROM ${table} WHERE id IN (
      SELECT id FROM ${table} WHERE expires_at <= $1
      ORDER BY expires_at LIMIT $2 ${engine.skipLocked})`;
    engine.count(sql, [now(), sweepLimit]).catch(onError);
  }

  return {
    isShared: true,
    claim: async (id, ttlMs) => {
      claims += 1;
      if (claims % sweepEvery === 0) sweep();
      const time = now();
      const sql = `INSERT INTO ${table} AS c (id, expires_at) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at WHERE c.expires_at <= $3`;
      return (await engine.count(sql, [id, time + ttlMs, time])) > 0;
    },
  };
}

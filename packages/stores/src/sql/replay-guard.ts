/** Claims in a table. */
import type { ReplayGuard } from "lutra/stores";
import { type SqlClock, type SqlEngine, sweepMarginMs } from "./engine.ts";

/** Expired claims are deleted in small batches along with new ones. */
const sweepEvery = 64;
const sweepLimit = 200;

export interface SqlReplayGuardOptions {
  readonly now: SqlClock;
  readonly onError: (error: unknown) => void;
}

export function createSqlReplayGuard(
  engine: SqlEngine,
  { now, onError }: SqlReplayGuardOptions,
): ReplayGuard {
  const table = `${engine.schema}claims`;
  const { present } = engine;
  let claims = 0;

  function sweep(): void {
    const sql = `DELETE FROM ${table} WHERE id IN (
      SELECT id FROM ${table} WHERE expires_at <= ${present("$1")} - ${sweepMarginMs}
      ORDER BY expires_at LIMIT $2 ${engine.skipLocked})`;
    engine.count(sql, [now(), sweepLimit]).catch(onError);
  }

  return {
    isShared: true,
    claim: async (id, ttlMs) => {
      claims += 1;
      if (claims % sweepEvery === 0) sweep();
      const time = present("$2");
      const sql = `INSERT INTO ${table} AS c (id, expires_at)
        VALUES ($1, ${time} + CAST($3 AS bigint))
        ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at
        WHERE c.expires_at <= ${time}`;
      return (await engine.count(sql, [id, now(), Math.ceil(ttlMs)])) > 0;
    },
  };
}

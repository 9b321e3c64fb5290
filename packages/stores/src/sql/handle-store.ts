/** The values of handles in a table. */
import type { JSONValue } from "lutra/protocol";
import type { HandleStore } from "lutra/stores";
import { type SqlClock, type SqlEngine, sweepMarginMs } from "./engine.ts";

interface Row {
  readonly version: number;
  readonly expiresAt: number | null;
  readonly value: string;
}

export function createSqlHandleStore(engine: SqlEngine, now: SqlClock): HandleStore {
  const handles = `${engine.schema}handles`;
  const { present } = engine;
  const isKept = `(expires_at IS NULL OR expires_at > ${present("$3")})`;
  return {
    isShared: true,
    create: async ({ scope, id, version, expiresAt, value }) => {
      const sql = `INSERT INTO ${handles} (scope, id, version, expires_at, value)
        VALUES ($1, $2, $3, $4, $5)`;
      try {
        await engine.count(sql, [scope, id, version, expiresAt, JSON.stringify(value)]);
      } catch (error) {
        if (!engine.isDuplicate(error)) throw error;
        throw new TypeError("create: a handle with this id already exists");
      }
    },
    get: async (scope, id) => {
      if (!engine.canBeName(id)) return undefined;
      const sql = `SELECT version, CAST(expires_at AS float8) AS "expiresAt",
        CAST(value AS text) AS value FROM ${handles} WHERE scope = $1 AND id = $2 AND ${isKept}`;
      const [row] = await engine.rows<Row>(sql, [scope, id, now()]);
      return row && { scope, id, ...row, value: JSON.parse(row.value) as JSONValue };
    },
    replace: async ({ scope, id, version, expiresAt, value }) => {
      const sql = `UPDATE ${handles} SET version = $4, expires_at = $5, value = $6
        WHERE scope = $1 AND id = $2 AND version + 1 = $4 AND ${isKept}`;
      const values = [scope, id, now(), version, expiresAt, JSON.stringify(value)];
      return (await engine.count(sql, values)) > 0;
    },
    delete: async (scope, id) => {
      if (!engine.canBeName(id)) return false;
      const sql = `DELETE FROM ${handles} WHERE scope = $1 AND id = $2 AND ${isKept}`;
      return (await engine.count(sql, [scope, id, now()])) > 0;
    },
    sweep: (limit) =>
      engine.count(
        `DELETE FROM ${handles} WHERE (scope, id) IN (
           SELECT scope, id FROM ${handles} WHERE expires_at <= ${present("$1")} - ${sweepMarginMs}
           ORDER BY expires_at LIMIT $2 ${engine.skipLocked})`,
        [now(), limit],
      ),
    close: async () => {},
  };
}

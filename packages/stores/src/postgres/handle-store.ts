/** The values of handles in Postgres. */
import type { JSONValue } from "lutra/protocol";
import type { HandleStore } from "lutra/stores";
import { type Connection, canBeName, isDuplicate } from "./connection.ts";

interface Row {
  readonly version: number;
  readonly expiresAt: number | null;
  readonly value: JSONValue;
}

export function createPostgresHandleStore(connection: Connection, now: () => number): HandleStore {
  const isKept = "(expires_at IS NULL OR expires_at > $3)";
  return {
    isShared: true,
    create: async ({ scope, id, version, expiresAt, value }) => {
      const sql = "INSERT INTO lutra.handles VALUES ($1, $2, $3, $4, $5)";
      try {
        await connection.count(sql, [scope, id, version, expiresAt, JSON.stringify(value)]);
      } catch (error) {
        if (isDuplicate(error)) throw new TypeError("create: a handle with this id already exists");
        throw error;
      }
    },
    get: async (scope, id) => {
      if (!canBeName(id)) return undefined;
      const sql = `SELECT version, expires_at::float8 AS "expiresAt", value FROM lutra.handles
        WHERE scope = $1 AND id = $2 AND ${isKept}`;
      const [row] = await connection.rows<Row>(sql, [scope, id, now()]);
      return row && { scope, id, ...row };
    },
    replace: async ({ scope, id, version, expiresAt, value }) => {
      const sql = `UPDATE lutra.handles SET version = $4, expires_at = $5, value = $6
        WHERE scope = $1 AND id = $2 AND version = $4::integer - 1 AND ${isKept}`;
      const values = [scope, id, now(), version, expiresAt, JSON.stringify(value)];
      return (await connection.count(sql, values)) > 0;
    },
    delete: async (scope, id) => {
      if (!canBeName(id)) return false;
      const sql = `DELETE FROM lutra.handles WHERE scope = $1 AND id = $2 AND ${isKept}`;
      return (await connection.count(sql, [scope, id, now()])) > 0;
    },
    sweep: (limit) =>
      connection.count(
        `DELETE FROM lutra.handles WHERE (scope, id) IN (
           SELECT scope, id FROM lutra.handles WHERE expires_at <= $1
           ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
        [now(), limit],
      ),
    close: async () => {},
  };
}

/** The values of handles in a SQLite file. */
import type { JSONValue } from "lutra/protocol";
import type { HandleStore } from "lutra/stores";
import { type Database, isDuplicate } from "./database.ts";

interface Row {
  readonly version: number;
  readonly expiresAt: number | null;
  readonly value: string;
}

export function createSqliteHandleStore(database: Database, now: () => number): HandleStore {
  const isKept = "(expires_at IS NULL OR expires_at > ?3)";
  return {
    isShared: true,
    create: async ({ scope, id, version, expiresAt, value }) => {
      const sql = `INSERT INTO handles (scope, id, version, expires_at, value)
        VALUES (?1, ?2, ?3, ?4, ?5)`;
      try {
        await database.run((connection) =>
          connection.changes(sql, scope, id, version, expiresAt, JSON.stringify(value)),
        );
      } catch (error) {
        if (isDuplicate(error)) throw new TypeError("create: a handle with this id already exists");
        throw error;
      }
    },
    get: async (scope, id) => {
      const sql = `SELECT version, expires_at AS expiresAt, value FROM handles
        WHERE scope = ?1 AND id = ?2 AND ${isKept}`;
      const [row] = await database.run((connection) => connection.rows<Row>(sql, scope, id, now()));
      if (row === undefined) return undefined;
      const { version, expiresAt, value } = row;
      return { scope, id, version, expiresAt, value: JSON.parse(value) as JSONValue };
    },
    replace: async ({ scope, id, version, expiresAt, value }) => {
      const sql = `UPDATE handles SET version = ?4, expires_at = ?5, value = ?6
        WHERE scope = ?1 AND id = ?2 AND version = ?4 - 1 AND ${isKept}`;
      const changed = await database.run((connection) =>
        connection.changes(sql, scope, id, now(), version, expiresAt, JSON.stringify(value)),
      );
      return changed > 0;
    },
    delete: async (scope, id) => {
      const sql = `DELETE FROM handles WHERE scope = ?1 AND id = ?2 AND ${isKept}`;
      return (await database.run((connection) => connection.changes(sql, scope, id, now()))) > 0;
    },
    sweep: (limit) =>
      database.run((connection) =>
        connection.changes(
          `DELETE FROM handles WHERE rowid IN
             (SELECT rowid FROM handles WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)`,
          now(),
          limit,
        ),
      ),
    close: async () => {},
  };
}

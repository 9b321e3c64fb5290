/** `@lutra/stores/sqlite`: state in one file, for the processes of one machine. */
export type { SqliteOptions, SqliteStore } from "./open-sqlite.ts";
export { openSqlite } from "./open-sqlite.ts";

/** `@lutra/stores/postgres`: state and events for servers on many machines. */
export type { PostgresOptions, PostgresStore } from "./open-postgres.ts";
export { openPostgres } from "./open-postgres.ts";

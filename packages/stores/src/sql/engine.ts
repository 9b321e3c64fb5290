/**
 * The part of SQL that Postgres and SQLite share. The statements of this folder are written once, with
 * parameters `$1`, `$2` ..., and run on both.
 */

export type SqlValue = string | number | boolean | null;

/** Time for which expired rows are kept, so that a clock that is ahead deletes nothing, in milliseconds. */
export const sweepMarginMs = 300_000;

/** The present, in milliseconds since 1970; null for the clock of the engine. */
export type SqlClock = () => number | null;

export interface SqlEngine {
  /** The name of the engine in errors. */
  readonly name: string;
  /** The prefix of tables. */
  readonly schema: string;
  /** The end of a subquery that locks its rows and skips those that others have locked. */
  readonly skipLocked: string;
  /** Returns the present in SQL, in milliseconds since 1970. The parameter is the value of a `SqlClock`. */
  readonly present: (parameter: string) => string;
  /** Runs a statement and resolves to its rows. */
  readonly rows: <Row extends object>(sql: string, values: readonly SqlValue[]) => Promise<Row[]>;
  /** Runs a statement in a durable commit. Resolves to the number of rows that it changed. */
  readonly count: (sql: string, values: readonly SqlValue[]) => Promise<number>;
  /** True when a row with the same key already exists. */
  readonly isDuplicate: (error: unknown) => boolean;
  /** False for text that can't be a parameter. */
  readonly canBeName: (text: string) => boolean;
}

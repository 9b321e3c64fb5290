/** The options and the stores that Postgres and SQLite share. */
import { type HandleStore, type ReplayGuard, retryPauseMs, type TaskStore } from "lutra/stores";
import { reportOutages } from "../report-outages.ts";

export interface SqlOptions {
  /** Called with errors in the background. @default console.error */
  readonly onError?: (error: unknown) => void;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Pause after so many rejected attempts in a row, in milliseconds. @default 1 s, 2 s ... 1 min */
  readonly retryPauseMs?: (rejections: number) => number;
}

export interface SqlStore {
  readonly tasks: TaskStore;
  readonly handles: HandleStore;
  readonly replayGuard: ReplayGuard;
  /** Releases the tasks that this process runs, and closes the file or the connections. */
  readonly close: () => Promise<void>;
}

/** Returns the options with defaults. Reports of an outage are limited. */
export function withDefaults(engine: string, options: SqlOptions): Required<SqlOptions> {
  const print = (error: unknown) => console.error(`lutra: error in the ${engine} store:`, error);
  return {
    now: options.now ?? Date.now,
    retryPauseMs: options.retryPauseMs ?? retryPauseMs,
    onError: reportOutages(options.onError ?? print),
  };
}

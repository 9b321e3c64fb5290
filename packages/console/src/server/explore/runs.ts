/** The calls that the page has made: their state, their outcome, and the history of them. */
import { sizeOfJSON } from "lutra/internal";
import type { JSONObject, Progress } from "lutra/protocol";

/** The kinds of calls. `task` follows a task that is known by its id. */
export type RunKind = "tool" | "prompt" | "resource" | "task";

type RunState = "running" | "done" | "failed" | "cancelled";

export interface RunLog {
  readonly at: number;
  readonly level: string;
  readonly logger?: string;
  readonly data: unknown;
}

/** A call without its outcome, for lists. */
export interface RunSummary {
  readonly id: number;
  readonly kind: RunKind;
  /** The name of the tool or prompt, the URI of the resource, or the id of the task. */
  readonly name: string;
  readonly args: JSONObject;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly state: RunState;
  /** True for a tool that ran and failed. */
  readonly isError?: boolean;
  readonly progress?: Progress;
  /** The last state of the task that the call has become. */
  readonly task?: JSONObject;
  /** Increases with each change. */
  readonly revision: number;
}

export interface Run extends RunSummary {
  readonly result?: unknown;
  readonly error?: RunError;
  readonly logs: readonly RunLog[];
}

export interface RunError {
  readonly message: string;
  /** The JSON-RPC code, if the server has refused the request. */
  readonly code?: number;
  readonly data?: unknown;
  /** True for an error whose reason the server keeps for itself. */
  readonly isInternal?: boolean;
  /** The local reason, such as `timeout`. */
  readonly reason?: string;
}

export interface Runs {
  readonly create: (kind: RunKind, name: string, args: JSONObject) => Run;
  readonly update: (id: number, change: Partial<Omit<Run, "id" | "revision">>) => void;
  readonly get: (id: number) => Run | undefined;
  readonly find: (matches: (run: Run) => boolean) => Run | undefined;
  readonly log: (id: number, entry: Omit<RunLog, "at">) => void;
  /** All runs, the newest first. */
  readonly summaries: () => readonly RunSummary[];
  /** Removes all that have ended. */
  readonly clear: () => void;
}

/** Maximum number of calls in the history. */
const maxRuns = 200;
/** Maximum size of all results in the history together, in bytes. Older ones are removed. */
const maxResultsBytes = 64 * 1024 * 1024;
/** Maximum number of log messages of one call. Older ones are removed. */
const maxLogs = 500;

export function createRuns(onChange: (run: RunSummary) => void): Runs {
  const runs = new Map<number, Run>();
  let lastId = 0;

  function put(run: Run): void {
    runs.set(run.id, run);
    onChange(summaryOf(run));
  }

  function update(id: number, change: Partial<Run>): void {
    const run = runs.get(id);
    if (run === undefined) return;
    put({ ...run, ...change, revision: run.revision + 1 });
    if (change.result !== undefined) removeOldest(runs);
  }

  return {
    create: (kind, name, args) => {
      lastId += 1;
      const base = { id: lastId, kind, name, args, startedAt: Date.now() };
      const run: Run = { ...base, state: "running", logs: [], revision: 1 };
      put(run);
      removeOldest(runs);
      return run;
    },
    update,
    get: (id) => runs.get(id),
    find: (matches) => [...runs.values()].reverse().find(matches),
    log: (id, entry) => {
      const logs = runs.get(id)?.logs ?? [];
      update(id, { logs: [...logs.slice(1 - maxLogs), { ...entry, at: Date.now() }] });
    },
    summaries: () => [...runs.values()].reverse().map(summaryOf),
    clear: () => {
      for (const { id, state } of runs.values()) if (state !== "running") runs.delete(id);
    },
  };
}

/** Returns a call without its outcome. */
function summaryOf(run: Run): RunSummary {
  const { result: _result, error: _error, logs: _logs, ...summary } = run;
  return summary;
}

/** Removes the oldest calls that have ended, until the history is within its limits. */
function removeOldest(runs: Map<number, Run>): void {
  const ended = [...runs.values()].filter(({ state }) => state !== "running");
  const size = ({ result, args }: Run) => sizeOfJSON(result ?? null) + sizeOfJSON(args);
  let bytes = ended.reduce((sum, run) => sum + size(run), 0);
  // The newest stays, so that a large result can be seen at all.
  for (const run of ended.slice(0, -1)) {
    if (runs.size <= maxRuns && bytes <= maxResultsBytes) return;
    bytes -= size(run);
    runs.delete(run.id);
  }
}

/** The IPC messages between the bench and the measured processes. */

/** The first message of a process: it is ready. Servers include their address. */
export interface Ready {
  readonly port: number;
  /** The value of `Authorization` that the server accepts, if it needs one. */
  readonly authorization?: string | undefined;
}

export type Question =
  | { readonly ask: "usage"; readonly collectGarbage: boolean }
  | { readonly ask: "call"; readonly inFlight: number; readonly durationMs: number };

/** Resource usage of a process since its start. */
export interface Usage {
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** Absent for programs other than Node. */
  readonly heapBytes?: number;
}

/** The result of a client in one round. */
export interface Calls {
  readonly count: number;
  readonly ms: number;
  readonly cpuMicros: number;
  /** Median duration of the creation of a task, in milliseconds. */
  readonly createMs?: number;
}

/** Reads the resource usage of this process, after a garbage collection if Node exposes it. */
export function usage(collectGarbage: boolean): Usage {
  if (collectGarbage) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpuMicros: user + system, rssBytes: rss, heapBytes: heapUsed };
}

/** What the bench and the processes it measures say to each other over IPC. */

/** The first message of a process: it is ready. Servers say where they listen. */
export interface Ready {
  readonly port: number;
}

export type Question =
  | { readonly ask: "usage"; readonly collectGarbage: boolean }
  | { readonly ask: "call"; readonly inFlight: number; readonly durationMs: number };

/** What a process has used so far. */
export interface Usage {
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

/** What a client has done in one round. */
export interface Calls {
  readonly count: number;
  readonly ms: number;
  readonly cpuMicros: number;
  /** How long the creation of a task took, in the middle of all. */
  readonly createMs?: number;
}

/** Reads what this process has used; collects garbage first where the flag of Node is set. */
export function usage(collectGarbage: boolean): Usage {
  if (collectGarbage) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, rssBytes: process.memoryUsage.rss() };
}

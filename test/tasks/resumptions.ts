/** Computes the times until interrupted tasks resumed, from the signs of life of their runs. */
import type { Kill } from "./killing.ts";

export interface Sign {
  readonly task: string;
  /** The process that recorded it. */
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `asks` and `end` are the last signs of a run. */
  readonly sign: string;
}

export interface Resumptions {
  readonly brokenOff: number;
  /** Times from a kill to the first sign from another process, for each resumed run. */
  readonly resumedAfterMs: readonly number[];
}

/** True when the last sign of a task before a kill came from the victim, during a run. */
export function resumptions(signs: readonly Sign[], kills: readonly Kill[]): Resumptions {
  const byTask = new Map<string, Sign[]>();
  for (const sign of signs) byTask.set(sign.task, [...(byTask.get(sign.task) ?? []), sign]);
  const resumedAfterMs: number[] = [];
  let brokenOff = 0;
  for (const { at, pid } of kills) {
    for (const own of byTask.values()) {
      const last = own.findLast((sign) => sign.at <= at);
      if (last?.pid !== pid || last.sign === "asks" || last.sign === "end") continue;
      const next = own.find((sign) => sign.at > at && sign.pid !== pid);
      brokenOff += 1;
      if (next !== undefined) resumedAfterMs.push(next.at - at);
    }
  }
  return { brokenOff, resumedAfterMs };
}

/** When tasks that kills broke off went on, by the signs of life that their runs gave. */
import type { Kill } from "./killing.ts";

export interface Sign {
  readonly task: string;
  /** The process that gave it. */
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `asks` and `end` are the last ones of a run. */
  readonly sign: string;
}

export interface Resumptions {
  readonly brokenOff: number;
  /** For each that went on: the time from the kill to the first sign from another process. */
  readonly resumedAfterMs: readonly number[];
}

/** A run was broken off when the last sign of its task before a kill was the victim's, in its middle. */
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

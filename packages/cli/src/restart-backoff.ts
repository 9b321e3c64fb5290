/** The growing pauses before a replica that died is restarted. */
import { backoffMs, type Pace } from "lutra/internal";

export interface RestartBackoff {
  /** Pause before the next start, in milliseconds. */
  readonly delayMs: number;
  /** Number of restarts since a replica was last healthy. */
  readonly attempt: number;
  /** Number of consecutive deaths before the replica had served for a second. */
  readonly quickDeaths: number;
}

/** Number of consecutive quick deaths after which the supervisor gives up. */
export const maxQuickDeaths = 5;

const quickMs = 1000;
/** Time after which a replica counts as healthy, so that the backoff starts over. */
const healthyMs = 10_000;
const pace: Pace = { baseMs: 100, maxMs: 5000 };
/** Replicas on one machine restart independently, so the pauses need no jitter. */
const noJitter = () => 0;

/** The backoff before any replica has died. */
export const noRestarts: RestartBackoff = { delayMs: 0, attempt: 0, quickDeaths: 0 };

/** Returns the backoff after a death. `servedMs` is 0 for a replica that was never ready. */
export function afterDeath(before: RestartBackoff, servedMs: number): RestartBackoff {
  const attempt = servedMs >= healthyMs ? 0 : before.attempt;
  return {
    delayMs: backoffMs(attempt, noJitter, pace),
    attempt: attempt + 1,
    quickDeaths: servedMs < quickMs ? before.quickDeaths + 1 : 0,
  };
}

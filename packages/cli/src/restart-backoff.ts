/** How long to wait before a replica that died is started again. */

export interface RestartBackoff {
  /** The pause before the next start, in milliseconds. */
  readonly delayMs: number;
  /** Deaths in a row that came within a second. */
  readonly quickDeaths: number;
}

/** After so many deaths within a second, one after the other, another start will not help. */
export const maxQuickDeaths = 5;

const quickMs = 1000;
/** A replica that served for so long starts with a clean record. */
const healthyMs = 10_000;
const firstDelayMs = 100;
const maxDelayMs = 5000;

/** The pace of a place in the fleet where no replica has died yet. */
export const noRestarts: RestartBackoff = { delayMs: 0, quickDeaths: 0 };

/** The pace after a death; `servedMs` is 0 for a replica that was never ready. */
export function afterDeath(
  { delayMs, quickDeaths }: RestartBackoff,
  servedMs: number,
): RestartBackoff {
  const isHealthy = servedMs >= healthyMs;
  return {
    delayMs: isHealthy || delayMs === 0 ? firstDelayMs : Math.min(delayMs * 2, maxDelayMs),
    quickDeaths: servedMs < quickMs ? quickDeaths + 1 : 0,
  };
}

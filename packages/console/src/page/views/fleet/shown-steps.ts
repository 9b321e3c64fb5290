/** The part of a series that a chart shows. */

/** Least number of steps of a chart: 2 minutes. */
const leastSteps = 24;

/**
 * Returns the index of the first step that is shown. A gateway that has just started has a series that
 * begins with empty steps; they are left out.
 */
export function firstStep(series: readonly { readonly exchanges: number }[]): number {
  const busy = series.findIndex(({ exchanges }) => exchanges > 0);
  const latest = Math.max(0, series.length - 1 - leastSteps);
  return busy < 0 ? latest : Math.min(Math.max(0, busy - 1), latest);
}

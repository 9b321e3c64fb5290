/** Returns the median; for an even number of values, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const below = sorted[Math.floor(middle)] ?? Number.NaN;
  const above = sorted[Math.ceil(middle)] ?? Number.NaN;
  return (below + above) / 2;
}

/** Divides round by round, so that a slow round affects both sides. */
export function ratios(values: readonly number[], by: readonly number[]): readonly number[] {
  return values.map((value, index) => value / (by[index] ?? Number.NaN));
}

/** Calls `measure` for A, B, C, A, B, C, ... and returns the results of each, in order. */
export async function alternate<C, T>(
  contenders: readonly C[],
  rounds: number,
  measure: (contender: C, index: number) => Promise<T>,
): Promise<readonly (readonly T[])[]> {
  const results: T[][] = contenders.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      results[index]?.push(await measure(contender, index));
    }
  }
  return results;
}

/** Distributes requests by weight. */

export interface Share<T> {
  readonly to: T;
  readonly weight: number;
}

/**
 * Returns a function that picks targets in proportion to their weights, by smooth weighted
 * round-robin: on each pick, every target's credit grows by its weight. The target with the most
 * credit is picked, and its credit falls by the sum of all weights. So even a few picks in a row
 * are in proportion.
 */
export function createShares<T>(shares: readonly Share<T>[]): () => T {
  const [only] = shares;
  if (only === undefined) throw new TypeError("shares: expected at least one target");
  if (shares.length === 1) return () => only.to;
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  if (!(total > 0)) throw new TypeError("shares: expected at least one weight above 0");
  const credits = shares.map(() => 0);
  return () => {
    let largest = 0;
    for (const [index, { weight }] of shares.entries()) {
      credits[index] = (credits[index] as number) + weight;
      if ((credits[index] as number) > (credits[largest] as number)) largest = index;
    }
    credits[largest] = (credits[largest] as number) - total;
    return (shares[largest] as Share<T>).to;
  };
}

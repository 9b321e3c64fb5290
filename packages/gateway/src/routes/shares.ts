/** Who is next among several with shares. */

export interface Share<T> {
  readonly to: T;
  readonly weight: number;
}

/**
 * Hands out what has shares so that each gets its part in every stretch of requests, not only in
 * the long run: each time all grow by their weight, and the largest is taken and shrinks by the sum.
 */
export function createShares<T>(shares: readonly Share<T>[]): () => T {
  const [only] = shares;
  if (only === undefined) throw new TypeError("shares: expected at least one");
  if (shares.length === 1) return () => only.to;
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  if (!(total > 0)) throw new TypeError("shares: expected a weight above 0");
  const due = shares.map(() => 0);
  return () => {
    let largest = 0;
    for (const [index, { weight }] of shares.entries()) {
      due[index] = (due[index] as number) + weight;
      if ((due[index] as number) > (due[largest] as number)) largest = index;
    }
    due[largest] = (due[largest] as number) - total;
    return (shares[largest] as Share<T>).to;
  };
}

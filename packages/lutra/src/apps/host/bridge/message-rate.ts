/** Counts the messages of a view. */

/** Returns a function that is called for each message, and returns false for one above the rate. */
export function createMessageRate(maxPerSecond: number, now: () => number): () => boolean {
  let second = Number.NaN;
  let count = 0;
  return () => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      count = 0;
    }
    count += 1;
    return count <= maxPerSecond;
  };
}

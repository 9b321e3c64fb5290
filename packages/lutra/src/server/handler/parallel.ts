export interface ParallelOptions {
  /** Maximum number of items that are worked on at once. */
  readonly concurrency: number;
}

/**
 * Calls `work` for each item, in their order, for at most `concurrency` items at once. After a
 * rejection no further item is begun. Rejects with the first error once all calls have ended.
 */
export async function inParallel<T, R>(
  items: Iterable<T>,
  { concurrency }: ParallelOptions,
  work: (item: T, index: number) => R | Promise<R>,
): Promise<R[]> {
  if (!(concurrency >= 1)) throw new TypeError("parallel: concurrency: expected at least 1");
  const all = [...items];
  const queue = all.entries();
  const results: R[] = [];
  const errors: unknown[] = [];
  const next = async (): Promise<void> => {
    for (const [index, item] of queue) {
      try {
        results[index] = await work(item, index);
      } catch (error) {
        errors.push(error);
      }
      if (errors.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, all.length) }, next));
  if (errors.length > 0) throw errors[0];
  return results;
}

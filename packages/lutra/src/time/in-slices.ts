/** Maximum time of one slice of work, in milliseconds. */
const sliceMs = 10;
/** Number of items after which the time is read. So few are always done at once. */
const itemsPerCheck = 16;

/**
 * Returns the items for which `keep` is true. Long work is done in slices, between which the event
 * loop runs; short work returns at once.
 */
export function filterInSlices<T>(
  items: readonly T[],
  keep: (item: T) => boolean,
): readonly T[] | Promise<readonly T[]> {
  const kept: T[] = [];
  let next = 0;
  const runSlice = (): boolean => {
    const until = performance.now() + sliceMs;
    while (next < items.length) {
      const item = items[next] as T;
      if (keep(item)) kept.push(item);
      next += 1;
      if (next % itemsPerCheck === 0 && performance.now() > until) return false;
    }
    return true;
  };
  if (runSlice()) return kept;
  return (async () => {
    do await new Promise((resolve) => setTimeout(resolve));
    while (!runSlice());
    return kept;
  })();
}

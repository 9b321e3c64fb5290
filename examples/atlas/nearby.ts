/** Finds places by position. */
import type { Places } from "./places.ts";

export interface Position {
  /** Degrees. */
  readonly lat: number;
  readonly lng: number;
}

export interface Neighbour {
  readonly index: number;
  readonly distanceKm: number;
}

/** The places in each square degree: rows from south to north, each from west to east. */
export interface Grid {
  /** The offset of each cell in `indexes`; one more entry holds the end of the last cell. */
  readonly starts: Uint32Array;
  readonly indexes: Uint32Array;
}

const rows = 180;
const columns = 360;
const kmPerDegree = 111.195;
const earthRadiusKm = 6371.01;

/** Sorts the places into cells with a counting sort. */
export function createGrid({ size, lat, lng }: Places): Grid {
  const cellOf = (index: number) => {
    const row = rowOf((lat[index] ?? 0) / 100_000);
    return row * columns + columnOf((lng[index] ?? 0) / 100_000);
  };
  const starts = new Uint32Array(rows * columns + 1);
  for (let index = 0; index < size; index += 1) increment(starts, cellOf(index) + 1);
  for (let cell = 1; cell < starts.length; cell += 1) increment(starts, cell, starts[cell - 1]);
  const next = starts.slice();
  const indexes = new Uint32Array(size);
  for (let index = 0; index < size; index += 1) {
    const cell = cellOf(index);
    indexes[next[cell] ?? 0] = index;
    increment(next, cell);
  }
  return { starts, indexes };
}

/** Returns the places within a radius, the nearest first. */
export function nearbyPlaces(
  places: Places,
  grid: Grid,
  { center, radiusKm }: { readonly center: Position; readonly radiusKm: number },
): Neighbour[] {
  const found: Neighbour[] = [];
  for (const cell of cellsAround(center, radiusKm)) {
    for (let at = grid.starts[cell] ?? 0; at < (grid.starts[cell + 1] ?? 0); at += 1) {
      const index = grid.indexes[at] ?? 0;
      const position = {
        lat: (places.lat[index] ?? 0) / 100_000,
        lng: (places.lng[index] ?? 0) / 100_000,
      };
      const distanceKm = distance(center, position);
      if (distanceKm <= radiusKm) found.push({ index, distanceKm });
    }
  }
  return found.sort((a, b) => a.distanceKm - b.distanceKm || a.index - b.index);
}

/** Returns the distance along the surface of the earth, in kilometres. */
export function distance(from: Position, to: Position): number {
  const lat = Math.sin(radians(to.lat - from.lat) / 2) ** 2;
  const lng = Math.sin(radians(to.lng - from.lng) / 2) ** 2;
  const chord = lat + Math.cos(radians(from.lat)) * Math.cos(radians(to.lat)) * lng;
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** Returns the cells that a circle touches, and a few more. Rows get shorter towards the poles. */
function* cellsAround({ lat, lng }: Position, radiusKm: number): Generator<number> {
  const reach = radiusKm / kmPerDegree;
  const farthest = Math.min(90, Math.abs(lat) + reach);
  const width = reach / Math.max(Math.cos(radians(farthest)), 1e-9);
  const count = Math.min(columns, Math.ceil(width) * 2 + 1);
  const first = columnOf(lng) - Math.floor((count - 1) / 2);
  for (let row = rowOf(lat - reach); row <= rowOf(lat + reach); row += 1) {
    for (let offset = 0; offset < count; offset += 1) {
      yield row * columns + ((first + offset + columns) % columns);
    }
  }
}

function rowOf(lat: number): number {
  return Math.min(Math.max(Math.floor(lat + 90), 0), rows - 1);
}

function columnOf(lng: number): number {
  return (((Math.floor(lng) + 180) % columns) + columns) % columns;
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

function increment(array: Uint32Array, at: number, by = 1): void {
  array[at] = (array[at] ?? 0) + by;
}

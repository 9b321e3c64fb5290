/**
 * The background of a map, drawn from the places themselves: the number of places in each cell of a
 * grid, and the names of the most important ones. Coasts and valleys appear without a map service.
 */
import { type Places, placeAt } from "./places.ts";

/** Part of the world in Web Mercator: both axes from 0 to 1, from west to east and north to south. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Label {
  readonly id: string;
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** The positions of all places, in Web Mercator. */
export interface Projected {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Web Mercator ends here. */
const maxLatitude = 85.05;

/** The smallest number of places in a cell of each level above the first. */
const levels = [2, 5, 15] as const;

/** Returns the positions of all places. Takes about 20 ms. */
export function projectPlaces({ lat, lng }: Places): Projected {
  return {
    x: Float32Array.from(lng, (value) => (value / 100_000 + 180) / 360),
    y: Float32Array.from(lat, (value) => mercator(value / 100_000)),
  };
}

function mercator(degrees: number): number {
  const clamped = Math.min(Math.max(degrees, -maxLatitude), maxLatitude);
  const radians = (clamped * Math.PI) / 180;
  return (1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2;
}

/**
 * Counts the places in the square cells of an area. Returns one number for each cell that has any:
 * its index, times 4, plus its level from 0 to 3.
 */
export function countCells({ x, y }: Projected, area: Area, columns: number): readonly number[] {
  const size = area.width / columns;
  const rows = Math.ceil(area.height / size);
  const counts = new Uint16Array(columns * rows);
  for (let index = 0; index < x.length; index += 1) {
    const column = Math.floor(((x[index] ?? 0) - area.x) / size);
    const row = Math.floor(((y[index] ?? 0) - area.y) / size);
    if (column < 0 || row < 0 || column >= columns || row >= rows) continue;
    const cell = row * columns + column;
    counts[cell] = Math.min((counts[cell] ?? 0) + 1, 65_535);
  }
  const cells: number[] = [];
  for (const [cell, count] of counts.entries()) {
    if (count > 0) cells.push(cell * 4 + levels.filter((least) => count >= least).length);
  }
  return cells;
}

/** Returns the most important places of an area that leave room for each other's names. */
export function labelsOf(
  places: Places,
  { x, y }: Projected,
  area: Area,
  limit: number,
): readonly Label[] {
  const inside: number[] = [];
  for (let index = 0; index < x.length; index += 1) {
    const [dx, dy] = [(x[index] ?? 0) - area.x, (y[index] ?? 0) - area.y];
    if (dx >= 0 && dy >= 0 && dx < area.width && dy < area.height) inside.push(index);
  }
  inside.sort((a, b) => (places.weight[b] ?? 0) - (places.weight[a] ?? 0));
  const chosen: number[] = [];
  const room = { x: area.width / 7, y: area.height / 14 };
  for (const index of inside.slice(0, 4000)) {
    if (chosen.length === limit) break;
    const isCrowded = chosen.some(
      (other) =>
        Math.abs((x[other] ?? 0) - (x[index] ?? 0)) < room.x &&
        Math.abs((y[other] ?? 0) - (y[index] ?? 0)) < room.y,
    );
    if (!isCrowded) chosen.push(index);
  }
  return chosen.map((index) => {
    const { id, name } = placeAt(places, index);
    return { id, name, x: rounded(x[index] ?? 0), y: rounded(y[index] ?? 0) };
  });
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

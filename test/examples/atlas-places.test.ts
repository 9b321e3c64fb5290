import { describe, expect, it } from "vitest";
import { fold } from "../../examples/atlas/fold.ts";
import { createGrid, distance, nearbyPlaces } from "../../examples/atlas/nearby.ts";
import { idOf, loadPlaces, placeAt } from "../../examples/atlas/places.ts";
import { completeIds, indexOfId, searchPlaces } from "../../examples/atlas/search.ts";

const places = loadPlaces();
const search = (query: string, options: { country?: string; limit?: number } = {}) =>
  searchPlaces(places, query, { limit: 10, ...options }).map((index) => placeAt(places, index));
const labels = (found: ReturnType<typeof search>) =>
  found.map(({ name, country }) => `${name}, ${country}`);

it("knows every place of the package by an id of its own", () => {
  expect(places.size).toBe(171_075);
  const ids = new Set(Array.from({ length: places.size }, (_, index) => idOf(places, index)));
  expect(ids.size).toBe(places.size);
  for (let index = 0; index < places.size; index += 101) {
    expect(indexOfId(places, idOf(places, index))).toBe(index);
  }
});

it("makes ids of the name, the country and the position, so that they last", () => {
  const [lyon] = search("lyon", { country: "FR" });
  expect(lyon).toEqual({
    id: "lyon-fr-mg7ty6n",
    name: "Lyon",
    region: "Auvergne-Rhône-Alpes",
    country: "FR",
    lat: 45.74906,
    lng: 4.84789,
  });
});

it.each(["", "lyon", "lyon-fr-0", "lyon-de-mg7ty6n", "zzz-fr-mg7ty6n", "-fr-1", "\n-fr-1"])(
  "knows no place %j",
  (id) => {
    expect(indexOfId(places, id)).toBeUndefined();
  },
);

it.each([
  ["São Paulo", "sao-paulo"],
  ["Villeneuve-d'Ascq", "villeneuve-dascq"],
  ["  St. Louis ", "st-louis"],
  ["Gießen", "giessen"],
  ["Łódź", "lodz"],
  ["İzmir", "izmir"],
  ["...", ""],
])("folds %j to %j", (name, folded) => {
  expect(fold(name)).toBe(folded);
});

describe("a search", () => {
  it.each(["sao paulo", "SÃO PAULO", "são-paulo"])("finds São Paulo by %j", (query) => {
    expect(labels(search(query))[0]).toBe("São Paulo, BR");
  });

  it.each([
    ["paris", "Paris, FR"],
    ["london", "London, GB"],
    ["moscow", "Moscow, RU"],
    ["new york", "New York City, US"],
  ])("for %j gives the one that is meant first", (query, first) => {
    expect(labels(search(query))[0]).toBe(first);
  });

  it("gives the name first, then longer names, then names that have it elsewhere", () => {
    const names = search("otter", { limit: 50 }).map(({ name }) => fold(name));
    const kinds = names.map((name) => {
      if (name === "otter") return 0;
      if (name.startsWith("otter")) return 1;
      return name.includes("-otter") ? 2 : 3;
    });
    expect(kinds).toEqual([...kinds].sort());
    expect(new Set(kinds)).toEqual(new Set([0, 1, 2, 3]));
  });

  it("finds the same as a scan of every name", () => {
    const all = Array.from({ length: places.size }, (_, index) => placeAt(places, index));
    const expected = all.filter(({ name, country }) => country === "IS" && /vik/.test(fold(name)));
    const found = search("vik", { country: "is", limit: 1000 });
    expect(found.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort());
  });

  it("stays in the country", () => {
    const found = search("paris", { country: "US" });
    expect(new Set(found.map(({ country }) => country))).toEqual(new Set(["US"]));
  });

  it("finds nothing in a country that does not exist, or for no letters", () => {
    expect(search("paris", { country: "XX" })).toEqual([]);
    expect(search("...")).toEqual([]);
  });
});

describe("the completion of ids", () => {
  const complete = (value: string) => {
    const { indexes, total } = completeIds(places, value, 100);
    return { ids: indexes.map((index) => idOf(places, index)), total };
  };

  it("goes on from the start of a name", () => {
    const { ids, total } = complete("reykjav");
    expect(ids).toEqual(["reykjavik-is-phoknrs"]);
    expect(total).toBe(1);
  });

  it("goes on from the start of an id", () => {
    expect(complete("lyon-fr").ids).toEqual(["lyon-fr-mg7ty6n"]);
    expect(complete("paris-us-").ids.every((id) => id.startsWith("paris-us-"))).toBe(true);
  });

  it("says how many there are beyond the first hundred", () => {
    const { ids, total } = complete("a");
    expect(ids).toHaveLength(100);
    expect(total).toBeGreaterThan(1000);
    expect(complete("").total).toBe(places.size);
  });
});

describe("places nearby", () => {
  const grid = createGrid(places);

  it.each([
    ["in a crowd", { lat: 48.85, lng: 2.35 }, 5],
    ["far around", { lat: 52.5, lng: 13.4 }, 500],
    ["across the date line", { lat: -16.5, lng: 179.99 }, 200],
    ["at the pole", { lat: -89.9, lng: 0 }, 500],
    ["around the south pole's station", { lat: -77.8, lng: 166.7 }, 400],
    ["far north", { lat: 78.2, lng: 15.6 }, 300],
    ["at the corner of the map", { lat: 90, lng: 180 }, 500],
  ])("are the same as by measuring every distance, %s", (_where, center, radiusKm) => {
    const found = nearbyPlaces(places, grid, { center, radiusKm });
    const expected: number[] = [];
    for (let index = 0; index < places.size; index += 1) {
      if (distance(center, placeAt(places, index)) <= radiusKm) expected.push(index);
    }
    expect(found.map(({ index }) => index).sort((a, b) => a - b)).toEqual(expected);
    const distances = found.map(({ distanceKm }) => distanceKm);
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
  });

  it("are measured along the surface of the earth", () => {
    const [london, newYork] = [
      { lat: 51.50853, lng: -0.12574 },
      { lat: 40.71427, lng: -74.00597 },
    ];
    expect(distance(london, newYork)).toBeCloseTo(5570, -1);
    expect(distance({ lat: 0, lng: -180 }, { lat: 0, lng: 180 })).toBeCloseTo(0);
  });
});

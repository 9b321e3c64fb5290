/** The tools that find places. */
import { defineTool, ToolError } from "lutra/server";
import { z } from "zod";
import { createGrid, nearbyPlaces, type Position } from "./nearby.ts";
import { type Places, placeAt } from "./places.ts";
import { indexOfId, searchPlaces } from "./search.ts";

export const placeSchema = z.object({
  id: z.string().describe("Identifies the place in other tools and in place://{id}"),
  name: z.string(),
  region: z.string().describe("State, province or the like; may be empty"),
  country: z.string().describe("Two letters, ISO 3166-1"),
  lat: z.number(),
  lng: z.number(),
});

const limit = (most: number) =>
  z.number().int().min(1).max(most).default(10).describe("How many places at most");

const isReadOnly = { readOnlyHint: true, idempotentHint: true, openWorldHint: false };

/** Returns the index of a place for an id that a model has given. */
export function requirePlace(places: Places, id: string): number {
  const index = indexOfId(places, id);
  if (index !== undefined) return index;
  throw new ToolError(`There is no place ${id}. Ids come from search and nearby.`);
}

export const defineSearch = (places: Places) =>
  defineTool({
    name: "search",
    title: "Search places",
    description:
      "Finds places by name, whatever the case and the accents. A place of exactly that name goes " +
      "first, then names that start with the query, then names that have it in another place; " +
      "among these, capitals of regions and places in crowded areas.",
    annotations: isReadOnly,
    inputSchema: z.object({
      query: z.string().trim().min(1).max(100).describe("A name or the start of one"),
      country: z
        .string()
        .length(2)
        .optional()
        .describe("Two letters, ISO 3166-1, to leave out other countries")
        .meta({ "x-mcp-header": "Country" }),
      limit: limit(50),
    }),
    outputSchema: z.object({ places: z.array(placeSchema) }),
    call: ({ query, country, limit }) => {
      if (country !== undefined && !places.countryCodes.includes(country.toUpperCase())) {
        throw new ToolError(`${country} is not the code of a country with places`);
      }
      const found = searchPlaces(places, query, { country, limit });
      return { places: found.map((index) => placeAt(places, index)) };
    },
  });

export const defineNearby = (places: Places) => {
  const grid = createGrid(places);
  return defineTool({
    name: "nearby",
    title: "Places nearby",
    description: "Finds places around a place or a position, the nearest first.",
    annotations: isReadOnly,
    inputSchema: z.object({
      place: z.string().optional().describe("The id of a place; or give lat and lng"),
      lat: z.number().min(-90).max(90).optional().describe("Degrees north"),
      lng: z.number().min(-180).max(180).optional().describe("Degrees east"),
      radiusKm: z.number().positive().max(500).default(25).describe("Kilometres"),
      limit: limit(50),
    }),
    outputSchema: z.object({
      total: z.number().int().describe("How many there are within the radius"),
      places: z.array(placeSchema.extend({ distanceKm: z.number() })),
    }),
    call: ({ place, lat, lng, radiusKm, limit }) => {
      const center = centerOf(places, place, lat, lng);
      const found = nearbyPlaces(places, grid, { center, radiusKm });
      const shown = found.slice(0, limit).map(({ index, distanceKm }) => ({
        ...placeAt(places, index),
        distanceKm: Math.round(distanceKm * 10) / 10,
      }));
      return { total: found.length, places: shown };
    },
  });
};

function centerOf(places: Places, place?: string, lat?: number, lng?: number): Position {
  if (place !== undefined) return placeAt(places, requirePlace(places, place));
  if (lat !== undefined && lng !== undefined) return { lat, lng };
  throw new ToolError("Give the id of a place, or both lat and lng");
}

/** The map: a tool with a page that shows places and trips, and the tool that the page draws with. */
import { app, appTool } from "lutra/apps";
import { ToolError } from "lutra/server";
import { z } from "zod";
import { countCells, labelsOf, projectPlaces } from "./map-area.ts";
import { placeSchema, requirePlace } from "./place-tools.ts";
import { type Place, type Places, placeAt } from "./places.ts";
import { searchPlaces } from "./search.ts";
import { showTrip } from "./trip-tools.ts";
import { trips } from "./trips.ts";

const isReadOnly = { readOnlyHint: true, idempotentHint: true, openWorldHint: false };

const shownSchema = z.object({
  title: z.string(),
  trip: z.object({ trip_id: z.string(), distanceKm: z.number() }).optional(),
  places: z.array(placeSchema).describe("In the order of the trip, if there is one"),
});

type Shown = z.infer<typeof shownSchema>;

export const defineMap = (places: Places) =>
  app({
    tool: {
      name: "show_map",
      title: "Show on a map",
      description:
        "Shows a trip, places or the results of a search on an interactive map, on which the user " +
        "can look around and change the trip. Give one of trip_id, places and query.",
      annotations: isReadOnly,
      inputSchema: z.object({
        trip_id: z.string().optional().describe("The handle that create_trip gave"),
        places: z.array(z.string()).max(50).optional().describe("The ids of places"),
        query: z.string().trim().min(1).max(100).optional().describe("A name or the start of one"),
      }),
      outputSchema: shownSchema,
      call: async ({ trip_id, places: ids, query }, context): Promise<Shown> => {
        if (trip_id !== undefined) {
          const trip = showTrip(places, trip_id, await trips.read(context, trip_id));
          const { name, distanceKm } = trip;
          return { title: name, trip: { trip_id, distanceKm }, places: trip.places };
        }
        if (ids !== undefined) {
          const shown = ids.map((id) => placeAt(places, requirePlace(places, id)));
          return { title: "Places", places: shown };
        }
        if (query === undefined) throw new ToolError("Give one of trip_id, places and query");
        const found = searchPlaces(places, query, { limit: 12 });
        return { title: query, places: found.map((index) => placeAt(places, index)) };
      },
    },
    fallback: describe,
    // Runtimes without a module URL would need the page as text.
    resource: { bundle: new URL("./map/index.html", import.meta.url) },
    title: "Map",
    description: "An interactive map of places and trips, drawn from the places of the atlas.",
    prefersBorder: true,
  });

/** The map in words. */
function describe({ title, trip, places }: Shown): string {
  if (places.length === 0) return `${title}: no places`;
  const lines = places.map((place, index) => `${index + 1}. ${inWords(place)}`);
  const length = trip === undefined ? "" : ` (${trip.distanceKm} km)`;
  return `${title}${length}:\n${lines.join("\n")}`;
}

function inWords({ name, region, country, lat, lng, id }: Place): string {
  const where = [region, country].filter((part) => part !== "").join(", ");
  return `${name}, ${where} at ${lat.toFixed(2)}, ${lng.toFixed(2)}; id ${id}`;
}

const unit = z.number().min(0).max(1);

/** Draws the background. Only the page calls it: a model has no use for thousands of cells. */
export const defineMapArea = (places: Places) => {
  const projected = projectPlaces(places);
  return appTool({
    tool: {
      name: "map_area",
      title: "Draw the map",
      description: "Counts the places of an area in the cells of a grid, to draw a map.",
      annotations: isReadOnly,
      inputSchema: z.object({
        x: unit.describe("The west end, in Web Mercator from 0 to 1"),
        y: unit.describe("The north end"),
        width: z.number().positive().max(1),
        height: z.number().positive().max(1),
        columns: z.number().int().min(8).max(360).describe("Cells from west to east"),
        labels: z.number().int().min(0).max(40).default(16).describe("Names at most"),
      }),
      outputSchema: z.object({
        cells: z
          .array(z.int())
          .describe("The index of each cell with places, times 4, plus 0 to 3"),
        labels: z.array(
          z.object({ id: z.string(), name: z.string(), x: z.number(), y: z.number() }),
        ),
      }),
      call: ({ columns, labels, ...area }) => ({
        cells: [...countCells(projected, area, Math.min(columns, 360))],
        labels: [...labelsOf(places, projected, area, labels)],
      }),
    },
    visibility: ["app"],
    fallback: ({ cells, labels }) =>
      `${cells.length} cells with places, among them ${labels.map(({ name }) => name).join(", ")}`,
  });
};

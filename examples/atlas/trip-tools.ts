/**
 * The tools that plan a trip. An explicit handle, `trip_id`, names a trip: the protocol has no
 * sessions, so every request must identify its trip.
 */
import { defineTool, ToolError } from "lutra/server";
import { z } from "zod";
import { distance } from "./nearby.ts";
import { placeSchema, requirePlace } from "./place-tools.ts";
import { type Places, placeAt } from "./places.ts";
import { lifetimeHours, maxPlaces, type Trip, trips } from "./trips.ts";

const tripId = z.string().describe("The handle that create_trip gave");

const tripSchema = z.object({
  trip_id: z.string().describe("The handle of the trip, for the other trip tools"),
  name: z.string(),
  places: z.array(placeSchema),
  distanceKm: z.number().describe("From place to place, as the crow flies"),
});

/** Returns the URI of a trip, to which clients can subscribe. */
export function tripURI(id: string): string {
  return `trip://${id}`;
}

/** A trip as clients see it. */
export function showTrip(places: Places, id: string, trip: Trip): z.infer<typeof tripSchema> {
  const shown = trip.places.map((id) => placeAt(places, requirePlace(places, id)));
  const lengths = shown.slice(1).map((to, index) => distance(shown[index] ?? to, to));
  const distanceKm = Math.round(lengths.reduce((sum, length) => sum + length, 0));
  return { trip_id: id, name: trip.name, places: shown, distanceKm };
}

export interface TripToolsOptions {
  readonly places: Places;
  /** Called with the id of a trip that has changed. */
  readonly onChange: (id: string) => void;
}

export const defineTripTools = ({ places, onChange }: TripToolsOptions) => {
  const createTrip = defineTool({
    name: "create_trip",
    title: "Create a trip",
    description:
      `Starts an empty trip and returns its handle, trip_id. A trip has up to ${maxPlaces} places ` +
      `and ends ${lifetimeHours} hours after its last change.`,
    inputSchema: z.object({ name: z.string().trim().min(1).max(80).default("My trip") }),
    outputSchema: tripSchema,
    call: async ({ name }, context) => {
      const trip = { name, places: [] };
      return showTrip(places, await trips.mint(context, trip), trip);
    },
  });

  const addToTrip = defineTool({
    name: "add_to_trip",
    title: "Add a place to a trip",
    description: "Adds a place at the end of a trip. A place that is part of it stays where it is.",
    annotations: { destructiveHint: false, idempotentHint: true, openWorldHint: false },
    inputSchema: z.object({ trip_id: tripId, place: z.string().describe("The id of a place") }),
    outputSchema: tripSchema,
    call: async ({ trip_id, place }, context) => {
      requirePlace(places, place);
      const trip = await trips.update(context, trip_id, (trip) => {
        if (trip.places.includes(place)) return trip;
        if (trip.places.length < maxPlaces) return { ...trip, places: [...trip.places, place] };
        throw new ToolError(`A trip has up to ${maxPlaces} places`);
      });
      onChange(trip_id);
      return showTrip(places, trip_id, trip);
    },
  });

  const show = defineTool({
    name: "show_trip",
    title: "Show a trip",
    description: "Shows the places of a trip in their order, and how far it is.",
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    inputSchema: z.object({ trip_id: tripId }),
    outputSchema: tripSchema,
    call: async ({ trip_id }, context) =>
      showTrip(places, trip_id, await trips.read(context, trip_id)),
  });

  const clearTrip = defineTool({
    name: "clear_trip",
    title: "Clear a trip",
    description: "Takes all places out of a trip, once the user has agreed.",
    annotations: { destructiveHint: true, idempotentHint: true, openWorldHint: false },
    inputSchema: z.object({ trip_id: tripId }),
    outputSchema: z.object({ cleared: z.boolean(), trip: tripSchema }),
    // A confirmation is valid once: a replay must not clear places added in the meantime.
    singleUse: true,
    call: async ({ trip_id }, context) => {
      const trip = await trips.read(context, trip_id);
      const count = trip.places.length;
      const { action, content } = await context.elicit("confirm", {
        message: `Take all places (${count}) out of the trip '${trip.name}'?`,
        requestedSchema: z.object({
          confirm: z.boolean().describe("Clear the trip").default(false),
        }),
      });
      if (action !== "accept" || !content.confirm) {
        return { cleared: false, trip: showTrip(places, trip_id, trip) };
      }
      const cleared = await trips.update(context, trip_id, (trip) => ({ ...trip, places: [] }));
      onChange(trip_id);
      return { cleared: true, trip: showTrip(places, trip_id, cleared) };
    },
  });

  return [createTrip, addToTrip, show, clearTrip] as const;
};

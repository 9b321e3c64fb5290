/**
 * The tools that plan a trip. A trip is named by an explicit handle, `trip_id`: the protocol keeps
 * nothing between requests, so what a client wants to go on with it has to say.
 */
import { defineTool, type HandlerContext, ToolError } from "lutra/server";
import { z } from "zod";
import { distance } from "./nearby.ts";
import { placeSchema, requirePlace } from "./place-tools.ts";
import { type Places, placeAt } from "./places.ts";
import { lifetimeHours, maxPlaces, maxTrips, placesOf, type Trip, type Trips } from "./trips.ts";

const tripId = z.string().describe("The handle that create_trip gave");

const tripSchema = z.object({
  trip_id: z.string().describe("The handle of the trip, for the other trip tools"),
  name: z.string(),
  places: z.array(placeSchema),
  distanceKm: z.number().describe("From place to place, as the crow flies"),
});

/** The URI under which changes of a trip can be followed. */
export function tripURI(id: string): string {
  return `trip://${id}`;
}

/** What the outside sees of a trip. */
export function showTrip(places: Places, trip: Trip): z.infer<typeof tripSchema> {
  const shown = placesOf(trip).map((id) => placeAt(places, requirePlace(places, id)));
  const lengths = shown.slice(1).map((to, index) => distance(shown[index] ?? to, to));
  const distanceKm = Math.round(lengths.reduce((sum, length) => sum + length, 0));
  return { trip_id: trip.id, name: trip.name, places: shown, distanceKm };
}

export interface TripToolsOptions {
  readonly places: Places;
  readonly trips: Trips;
  readonly onChange: (trip: Trip) => void;
}

export const defineTripTools = ({ places, trips, onChange }: TripToolsOptions) => {
  const requireTrip = async (id: string, { principal }: HandlerContext) => {
    const trip = await trips.get(id, principal?.id ?? null);
    if (trip !== undefined) return trip;
    throw new ToolError(`There is no trip ${id}. Make one with create_trip.`);
  };

  const createTrip = defineTool({
    name: "create_trip",
    title: "Create a trip",
    description:
      `Starts an empty trip and returns its handle, trip_id. A trip has up to ${maxPlaces} places ` +
      `and ends ${lifetimeHours} hours after its last change; when there are more than ` +
      `${maxTrips} trips, those that were not changed for longest end earlier.`,
    inputSchema: z.object({ name: z.string().trim().min(1).max(80).default("My trip") }),
    outputSchema: tripSchema,
    call: ({ name }, { principal }) => showTrip(places, trips.create(name, principal?.id ?? null)),
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
      const trip = await requireTrip(trip_id, context);
      const known = placesOf(trip);
      if (known.includes(place)) return showTrip(places, trip);
      if (known.length >= maxPlaces) throw new ToolError(`A trip has up to ${maxPlaces} places`);
      const changed = trips.add(trip, place);
      onChange(changed);
      return showTrip(places, changed);
    },
  });

  const show = defineTool({
    name: "show_trip",
    title: "Show a trip",
    description: "Shows the places of a trip in their order, and how far it is.",
    annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    inputSchema: z.object({ trip_id: tripId }),
    outputSchema: tripSchema,
    call: async ({ trip_id }, context) => showTrip(places, await requireTrip(trip_id, context)),
  });

  const clearTrip = defineTool({
    name: "clear_trip",
    title: "Clear a trip",
    description: "Takes all places out of a trip, once the user has agreed.",
    annotations: { destructiveHint: true, idempotentHint: true, openWorldHint: false },
    inputSchema: z.object({ trip_id: tripId }),
    outputSchema: z.object({ cleared: z.boolean(), trip: tripSchema }),
    // A consent counts once: sending it again must not clear what was added in the meantime.
    singleUse: true,
    call: async ({ trip_id }, context) => {
      const trip = await requireTrip(trip_id, context);
      const count = placesOf(trip).length;
      const { action, content } = await context.elicit("confirm", {
        message: `Take all places (${count}) out of the trip '${trip.name}'?`,
        requestedSchema: z.object({
          confirm: z.boolean().describe("Clear the trip").default(false),
        }),
      });
      if (action !== "accept" || !content.confirm) {
        return { cleared: false, trip: showTrip(places, trip) };
      }
      const changed = trips.clear(trip);
      onChange(changed);
      return { cleared: true, trip: showTrip(places, changed) };
    },
  });

  return [createTrip, addToTrip, show, clearTrip] as const;
};

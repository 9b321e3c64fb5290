/** Steps that plan a trip: a handle, an input request, a notification. */
import { expectTrue, findPlace, required, type Step } from "./step.ts";

export const tripSteps: readonly Step[] = [
  {
    title: "Plan a trip under a handle",
    run: async (walk) => {
      const { client } = walk;
      const created = await client.callTool("create_trip", { name: "Around the Alps" });
      walk.tripId = required(created.structuredContent, "expected a trip").trip_id;
      for (const [query, country] of [
        ["lyon", "FR"],
        ["turin", "IT"],
        ["zurich", "CH"],
      ] as const) {
        const place = await findPlace(walk, query, country);
        await client.callTool("add_to_trip", { trip_id: walk.tripId, place: place.id });
      }
      const shown = await client.callTool("show_trip", { trip_id: walk.tripId });
      const trip = required(shown.structuredContent, "expected a trip");
      expectTrue(trip.places.length === 3, "expected all added places, whichever replica answers");
      const names = trip.places.map(({ name }) => name).join(" → ");
      return (
        `${names}, ${trip.distanceKm} km. The protocol has no sessions, so the client names the ` +
        `trip in every request: trip_id ${walk.tripId.slice(0, 12)}...`
      );
    },
  },
  {
    title: "Receive a change notification from any replica",
    run: async (walk) => {
      const { client, tripId, answeredBy } = walk;
      const uri = `trip://${tripId}`;
      const subscription = await client.listen({ resourceSubscriptions: [uri] });
      const changes = subscription[Symbol.asyncIterator]();
      const wien = await findPlace(walk, "vienna", "AT");
      await client.callTool("add_to_trip", { trip_id: tripId, place: wien.id });
      const changedAt = answeredBy.at(-1);
      const { value } = await changes.next();
      subscription.close();
      const { method, params } = required(value, "expected a notification");
      expectTrue(params?.uri === uri, `expected a notification about ${uri}`);
      return (
        `Subscribed to ${uri.slice(0, 19)}... at the gateway. Replica ${changedAt} added ` +
        `${wien.name}, and ${method} arrived. The subscription survives the death of a replica.`
      );
    },
  },
  {
    title: "Clear the trip after a confirmation",
    run: async ({ client, tripId, answeredBy, questions }) => {
      const first = answeredBy.length;
      const result = await client.callTool("clear_trip", { trip_id: tripId });
      const { cleared } = required(result.structuredContent, "expected a result");
      const [asked, finished] = answeredBy.slice(first);
      expectTrue(cleared && asked !== finished, "expected another replica to finish");
      return (
        `Replica ${asked} asked “${questions.at(-1)}”. The user confirmed, and replica ${finished} ` +
        "finished the call: the state of the exchange travelled with the answer, sealed."
      );
    },
  },
];

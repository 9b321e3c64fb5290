/** Steps that read the server's catalogue and search places. */
import { createClient } from "lutra/client";
import type almanac from "../../almanac/server.ts";
import { placeSchema } from "../place-tools.ts";
import { expectTrue, findPlace, required, type Step } from "./step.ts";
import { createWatchedClient } from "./watched-client.ts";

export const placeSteps: readonly Step[] = [
  {
    title: "Discover the server",
    run: async ({ client }) => {
      const { supportedVersions, capabilities, instructions = "" } = await client.discover();
      const offers = Object.keys(capabilities).sort().join(", ");
      return (
        `server/discover: protocol version ${supportedVersions.join(", ")}; capabilities ${offers}. ` +
        `Instructions: “${instructions.replace(/\s+/g, " ")}”`
      );
    },
  },
  {
    title: "List the tools of both servers",
    run: async ({ client }) => {
      const { tools, ttlMs = 0 } = await client.listTools();
      const names = tools.map(({ name }) => name).join(", ");
      expectTrue(names.includes("daylight"), "expected the tools of the almanac as well");
      return `${names}. The list may be cached for ${Math.round(ttlMs / 1000)} s.`;
    },
  },
  {
    title: "List the tools again",
    run: async ({ client, answeredBy }) => {
      const before = answeredBy.length;
      const { tools } = await client.listTools();
      expectTrue(answeredBy.length === before, "expected the list to come from the cache");
      return `${tools.length} tools, from the client's cache.`;
    },
  },
  {
    title: "List the tools from another client",
    run: async ({ fleet }) => {
      const { client, answeredBy } = createWatchedClient(fleet.url);
      const { tools } = await client.listTools();
      await client.close();
      expectTrue(answeredBy.length === 0, "expected the list to come from the gateway's cache");
      return `${tools.length} tools, from the gateway's cache; no request reached a replica.`;
    },
  },
  {
    title: "Search for three cities",
    run: async (walk) => {
      const first = walk.answeredBy.length;
      const cities = [
        await findPlace(walk, "lyon", "FR"),
        await findPlace(walk, "OSAKA", "JP"),
        await findPlace(walk, "sao paulo", "BR"),
      ];
      const answeredBy = walk.answeredBy.slice(first);
      // The gateway's own requests take turns as well, so two of three calls may reach one replica.
      expectTrue(new Set(answeredBy).size > 1, "expected more than one replica to search");
      const found = cities.map(({ name, country }) => `${name} (${country})`).join(", ");
      return (
        `Found ${found}. The gateway routes on headers, does not read the bodies, and sends requests ` +
        "to the replicas in turn. The country is also in a header (Mcp-Param-Country), for routes."
      );
    },
  },
  {
    title: "Find places nearby",
    run: async (walk) => {
      const lyon = await findPlace(walk, "lyon", "FR");
      const result = await walk.client.callTool("nearby", {
        place: lyon.id,
        radiusKm: 60,
        limit: 3,
      });
      const { total, places } = required(result.structuredContent, "expected places nearby");
      const names = places.map(({ name, distanceKm }) => `${name} (${distanceKm} km)`).join(", ");
      return `${total} places within 60 km of ${lyon.name}; the nearest are ${names}.`;
    },
  },
  {
    title: "Call the other server at the same address",
    run: async (walk) => {
      const { lat, lng, name } = await findPlace(walk, "reykjavik", "IS");
      const date = "2026-06-21";
      const client = createClient<typeof almanac>(walk.fleet.url);
      const { structuredContent } = await client.callTool("daylight", { lat, lng, date });
      await client.close();
      const { hours } = required(structuredContent, "expected the hours of daylight");
      return (
        "The almanac has no places, and the atlas no sun data; the gateway merges both servers: " +
        `${name} has ${hours} hours of daylight on ${date}.`
      );
    },
  },
  {
    title: "Complete an id and read the place",
    run: async ({ client }) => {
      const { completion } = await client.complete({
        ref: { type: "ref/resource", uri: "place://{id}" },
        argument: { name: "id", value: "reykjav" },
      });
      const id = required(completion.values[0], "expected a completion");
      const { contents } = await client.readResource(`place://${id}`);
      const text = contents.map((content) => ("text" in content ? content.text : "")).join("");
      const { name, region, country, lat, lng } = placeSchema.parse(JSON.parse(text));
      return `“reykjav” → ${id}. place://${id} is ${name}, ${region}, ${country}, at ${lat}, ${lng}.`;
    },
  },
  {
    title: "Complete a prompt's argument and get the prompt",
    run: async ({ client }) => {
      const { completion } = await client.complete({
        ref: { type: "ref/prompt", name: "plan-trip" },
        argument: { name: "city", value: "porto" },
      });
      const city = required(completion.values[0], "expected a completion");
      const { messages } = await client.getPrompt("plan-trip", { city, days: "5" });
      const content = messages[0]?.content;
      const text = content?.type === "text" ? content.text : "";
      const cities = completion.values.slice(0, 3).join("; ");
      return `“porto” → ${cities} ... The prompt begins: “${text.slice(0, 54)} ...”`;
    },
  },
];

/** Steps that look at what the server offers, and at places. */
import { placeSchema } from "../place-tools.ts";
import { expectTrue, findPlace, required, type Step } from "./step.ts";

export const placeSteps: readonly Step[] = [
  {
    title: "Ask what the server can do",
    run: async ({ client }) => {
      const { supportedVersions, capabilities, instructions = "" } = await client.discover();
      const offers = Object.keys(capabilities).sort().join(", ");
      return (
        `server/discover: it speaks ${supportedVersions.join(", ")} and offers ${offers}. ` +
        `It advises: “${instructions}”`
      );
    },
  },
  {
    title: "List the tools",
    run: async ({ client }) => {
      const { tools, ttlMs = 0 } = await client.listTools();
      const names = tools.map(({ name }) => name).join(", ");
      return `${names}. The server allows to reuse the list for ${ttlMs / 60_000} minutes.`;
    },
  },
  {
    title: "List them again",
    run: async ({ client, answeredBy }) => {
      const before = answeredBy.length;
      const { tools } = await client.listTools();
      expectTrue(answeredBy.length === before, "expected the list to come from the cache");
      return `${tools.length} tools, out of the client's cache.`;
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
      expectTrue(new Set(answeredBy).size === 3, "expected another replica for each search");
      const found = cities.map(({ name, country }) => `${name} (${country})`).join(", ");
      return (
        `Found ${found}. Requests go to the replicas in turn. The country travels in a header, ` +
        "too (Mcp-Param-Country), so that a load balancer could route on it."
      );
    },
  },
  {
    title: "Look around",
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

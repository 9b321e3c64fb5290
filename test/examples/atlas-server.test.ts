import { createClient } from "lutra/client";
import { expect, it } from "vitest";
import atlas from "../../examples/atlas/server.ts";

type Answer = "yes" | "no" | "decline";

function connect(answer: Answer = "yes") {
  return createClient(atlas, {
    onElicit: () =>
      answer === "decline"
        ? { action: "decline" }
        : { action: "accept", content: { confirm: answer === "yes" } },
  });
}

const lyon = "lyon-fr-mg7ty6n";

async function createTrip(client: ReturnType<typeof connect>, ...places: readonly string[]) {
  const { structuredContent } = await client.callTool("create_trip", { name: "Alps" });
  const trip_id = structuredContent?.trip_id ?? "";
  for (const place of places) await client.callTool("add_to_trip", { trip_id, place });
  return trip_id;
}

it("marks the country of a search as a header", async () => {
  const { tools } = await connect().listTools();
  const properties = tools.find(({ name }) => name === "search")?.inputSchema.properties;
  expect(properties).toMatchObject({ country: { type: "string", "x-mcp-header": "Country" } });
});

it("says how long a trip lasts where it is made", async () => {
  const { tools } = await connect().listTools();
  const description = tools.find(({ name }) => name === "create_trip")?.description;
  expect(description).toMatch(/50 places and ends 24 hours after its last change\.$/);
});

it("finds places by name and by distance", async () => {
  const client = connect();
  const search = await client.callTool("search", { query: "Lyon", country: "fr", limit: 1 });
  expect(search.structuredContent?.places).toMatchObject([{ id: lyon }]);
  const nearby = await client.callTool("nearby", { place: lyon, radiusKm: 10, limit: 2 });
  expect(nearby.structuredContent?.places[0]).toMatchObject({ id: lyon, distanceKm: 0 });
  const around = await client.callTool("nearby", { lat: 45.75, lng: 4.85, limit: 1 });
  expect(around.structuredContent?.places[0]?.id).toMatch(/^lyon-/);
});

it.each([
  ["search", { query: "Lyon", country: "XX" }, "XX is not the code of a country with places"],
  ["nearby", { lat: 3 }, "Give the id of a place, or both lat and lng"],
  ["nearby", { place: "nowhere" }, "There is no place nowhere. Ids come from search and nearby."],
  ["show_trip", { trip_id: "trip_0" }, "Unknown trip, or it has expired"],
  ["search", { query: " " }, "Invalid arguments: query"],
] as const)("lets a model correct itself after %s %j", async (name, args, message) => {
  const result = await connect().callTool(name, args as never);
  expect(result.isError).toBe(true);
  expect(result.content).toMatchObject([{ text: expect.stringContaining(message) }]);
});

it("keeps the places of a trip in their order, each once", async () => {
  const client = connect();
  const osaka = "osaka-jp";
  const { completion } = await client.complete({
    ref: { type: "ref/resource", uri: "place://{id}" },
    argument: { name: "id", value: osaka },
  });
  const trip_id = await createTrip(client, lyon, completion.values[0] ?? "", lyon);
  const { structuredContent } = await client.callTool("show_trip", { trip_id });
  expect(structuredContent?.places.map(({ name }) => name)).toEqual(["Lyon", "Osaka"]);
  expect(structuredContent?.distanceKm).toBeGreaterThan(9000);
  const { contents } = await client.readResource(`trip://${trip_id}`);
  expect(JSON.parse((contents[0] as { text: string }).text)).toEqual(structuredContent);
});

it.each([
  ["yes", true, 0],
  ["no", false, 1],
  ["decline", false, 1],
] as const)("asks before it clears a trip; %s clears it: %s", async (answer, cleared, left) => {
  const client = connect(answer);
  const trip_id = await createTrip(client, lyon);
  const { structuredContent } = await client.callTool("clear_trip", { trip_id });
  expect(structuredContent?.cleared).toBe(cleared);
  expect(structuredContent?.trip.places).toHaveLength(left);
});

it("tells listeners when a trip changes", async () => {
  const client = connect();
  const trip_id = await createTrip(client);
  const uri = `trip://${trip_id}`;
  const subscription = await client.listen({ resourceSubscriptions: [uri] });
  await client.callTool("add_to_trip", { trip_id, place: lyon });
  for await (const { method, params } of subscription) {
    expect(method).toBe("notifications/resources/updated");
    expect(params?.uri).toBe(uri);
    break;
  }
});

it("reads places and says where they come from", async () => {
  const client = connect();
  const { contents } = await client.readResource(`place://${lyon}`);
  expect(contents[0]).toMatchObject({ mimeType: "application/json" });
  const about = await client.readResource("atlas://about");
  expect(about.contents[0]).toMatchObject({ text: expect.stringMatching(/171075.*GeoNames/s) });
  await expect(client.readResource("place://nowhere")).rejects.toThrow("Resource not found");
});

it("completes the arguments of the prompt and writes it", async () => {
  const client = connect();
  const complete = async (name: string, value: string) => {
    const ref = { type: "ref/prompt", name: "plan-trip" } as const;
    return (await client.complete({ ref, argument: { name, value } })).completion.values;
  };
  expect((await complete("city", "lyo"))[0]).toBe("Lyon, FR");
  expect(await complete("days", "1")).toEqual(["10", "14"]);
  const { messages } = await client.getPrompt("plan-trip", { city: "Lyon, FR" });
  expect(messages).toMatchObject([{ content: { text: expect.stringContaining("3 days") } }]);
});

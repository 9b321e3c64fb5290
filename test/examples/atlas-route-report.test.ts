/** The report on a route, as a task and without one. */
import { createClient } from "lutra/client";
import { createServer } from "lutra/server";
import { followTasks, tasks } from "lutra/tasks";
import { expect, it } from "vitest";
import { idOf, loadPlaces } from "../../examples/atlas/places.ts";
import { defineRouteReport } from "../../examples/atlas/route-report.ts";
import { defineTripTools } from "../../examples/atlas/trip-tools.ts";

const places = loadPlaces();

async function start(answer: "km" | "mi" | "decline", count: number, extensions = [followTasks()]) {
  const server = createServer({
    name: "atlas",
    version: "1.0.0",
    tools: [...defineTripTools({ places, onChange: () => {} }), defineRouteReport(places, 0)],
    extensions: [tasks()],
  });
  const questions: string[] = [];
  const client = createClient(server, {
    extensions,
    onElicit: ({ message }) => {
      questions.push(message);
      if (answer === "decline") return { action: "decline" };
      return { action: "accept", content: { units: answer } };
    },
  });
  const created = await client.callTool("create_trip", {});
  const trip_id = created.structuredContent?.trip_id ?? "";
  for (let index = 0; index < count; index += 1) {
    await client.callTool("add_to_trip", { trip_id, place: idOf(places, index * 1000) });
  }
  return { client, questions, trip_id, server };
}

it("measures every leg in a task, and asks once in the middle", async () => {
  const { client, questions, trip_id, server } = await start("km", 4);
  const { task, result } = await client.tasks.start("route_report", { trip_id });
  expect(task?.status).toBe("working");
  const { structuredContent } = await result();
  expect(structuredContent?.legs).toHaveLength(3);
  const shown = await client.callTool("show_trip", { trip_id });
  const difference = (structuredContent?.total ?? 0) - (shown.structuredContent?.distanceKm ?? 0);
  expect(Math.abs(difference)).toBeLessThanOrEqual(2);
  expect(questions).toEqual(["Report in kilometres (km) or in miles (mi)?"]);
  await server.close();
});

it("reports in miles to who wants them, also a client without tasks", async () => {
  const [inMiles, inKm] = [await start("mi", 2, []), await start("decline", 2, [])];
  const { structuredContent: miles } = await inMiles.client.callTool("route_report", {
    trip_id: inMiles.trip_id,
  });
  const { structuredContent: km } = await inKm.client.callTool("route_report", {
    trip_id: inKm.trip_id,
  });
  expect([miles?.units, km?.units]).toEqual(["mi", "km"]);
  expect((miles?.total ?? 0) * 1.609344).toBeCloseTo(km?.total ?? 0, -1);
});

it("wants two places at least, and a trip that there is", async () => {
  const { client, trip_id, server } = await start("km", 1);
  const short = await client.callTool("route_report", { trip_id });
  expect(short.content).toMatchObject([{ text: "A route has at least two places" }]);
  const none = await client.callTool("route_report", { trip_id: "trip_0" });
  expect(none).toMatchObject({
    isError: true,
    content: [{ text: expect.stringMatching(/^Unknown trip/) }],
  });
  await server.close();
});

/** The almanac: a small second server, so that the gateway has two servers to merge. */
import { createServer, defineTool } from "lutra/server";
import { z } from "zod";
import { daylight } from "./sun.ts";

const daylightTool = defineTool({
  name: "daylight",
  title: "Sunrise and sunset",
  description: "When the sun rises and sets at a place on a day, in UTC",
  inputSchema: z.object({
    lat: z.number().min(-90).max(90),
    lng: z.number().min(-180).max(180),
    date: z.iso.date().describe("The day, such as 2026-06-21"),
  }),
  outputSchema: z.object({
    sunrise: z.string().optional().describe("Absent where the sun does not rise"),
    sunset: z.string().optional(),
    hours: z.number().describe("Hours of daylight"),
  }),
  annotations: { readOnlyHint: true },
  call: ({ lat, lng, date }) => daylight(date, lat, lng),
});

export default createServer({ name: "almanac", version: "1.0.0", tools: [daylightTool] });

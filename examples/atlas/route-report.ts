/**
 * The report on a route: a long call that asks for input while it runs, and survives the death of
 * its replica. Each leg is a step; its outcome is stored as soon as it is known.
 */
import { setTimeout as delay } from "node:timers/promises";
import { defineTool, type HandlerContext, ToolError } from "lutra/server";
import { z } from "zod";
import { distance } from "./nearby.ts";
import { requirePlace } from "./place-tools.ts";
import { type Place, type Places, placeAt } from "./places.ts";
import { trips } from "./trips.ts";

/** Duration of a leg, in milliseconds; simulates a slow service. */
const legMs = 700;
const kmPerMile = 1.609344;

const reportSchema = z.object({
  units: z.enum(["km", "mi"]),
  total: z.number(),
  legs: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      distance: z.number(),
      measuredBy: z.int().describe("The process that measured it"),
    }),
  ),
});

interface Leg {
  readonly from: string;
  readonly to: string;
  readonly km: number;
  readonly measuredBy: number;
}

export const defineRouteReport = (places: Places, pauseMs: number = legMs) =>
  defineTool({
    name: "route_report",
    title: "Report on a route",
    description:
      "Measures a trip leg by leg and reports how far it is. It takes a while, and asks on the way " +
      "whether to report in kilometres or miles.",
    annotations: { readOnlyHint: true, openWorldHint: false },
    task: "optional",
    taskOptions: { pollIntervalMs: 250 },
    inputSchema: z.object({ trip_id: z.string().describe("The handle that create_trip gave") }),
    outputSchema: reportSchema,
    call: async ({ trip_id }, context) => {
      // The report covers the trip as it was at the start, even if it changes in the meantime.
      const ids = await context.step("stops", async () => {
        return (await trips.read(context, trip_id)).places;
      });
      if (ids.length < 2) throw new ToolError("A route has at least two places");
      const stops = ids.map((id) => placeAt(places, requirePlace(places, id)));
      const middle = Math.floor((stops.length - 1) / 2);
      const before = await measure(stops, { from: 0, to: middle, pauseMs, context });
      const units = await askForUnits(context);
      const after = await measure(stops, { from: middle, to: stops.length - 1, pauseMs, context });
      return reportOn([...before, ...after], units);
    },
  });

interface Part {
  readonly from: number;
  readonly to: number;
  readonly pauseMs: number;
  readonly context: HandlerContext;
}

/** Measures the legs between stops, one after the other. */
async function measure(stops: readonly Place[], part: Part): Promise<readonly Leg[]> {
  const { from: first, to: end, pauseMs, context } = part;
  const legs: Leg[] = [];
  for (let index = first; index < end; index += 1) {
    const [from, to] = [stops[index], stops[index + 1]] as [Place, Place];
    const number = index + 1;
    const leg = await context.step(`leg-${number}`, async (): Promise<Leg> => {
      await context.status(
        `Leg ${number} of ${stops.length - 1}, ${from.name} to ${to.name}: process ${process.pid}`,
      );
      await delay(pauseMs, undefined, { signal: context.signal });
      return { from: from.name, to: to.name, km: distance(from, to), measuredBy: process.pid };
    });
    legs.push(leg);
  }
  return legs;
}

async function askForUnits(context: HandlerContext): Promise<"km" | "mi"> {
  const { action, content } = await context.elicit("units", {
    message: "Report in kilometres (km) or in miles (mi)?",
    requestedSchema: z.object({ units: z.enum(["km", "mi"]).default("km") }),
  });
  return action === "accept" ? content.units : "km";
}

function reportOn(legs: readonly Leg[], units: "km" | "mi"): z.infer<typeof reportSchema> {
  const shown = legs.map(({ from, to, km, measuredBy }) => {
    return { from, to, distance: Math.round(units === "km" ? km : km / kmPerMile), measuredBy };
  });
  const total = shown.reduce((sum, leg) => sum + leg.distance, 0);
  return { units, total, legs: shown };
}

/** Walks through the protocol with a client, step by step, and reports the outcomes. */

import type { FleetProcess } from "./fleet-process.ts";
import { fleetSteps } from "./fleet-steps.ts";
import { placeSteps } from "./place-steps.ts";
import { printFailure, printStep } from "./report.ts";
import { signInSteps } from "./sign-in-steps.ts";
import type { Walk } from "./step.ts";
import { taskSteps } from "./task-steps.ts";
import { tripSteps } from "./trip-steps.ts";
import { createWatchedClient } from "./watched-client.ts";

const steps = [...placeSteps, ...tripSteps, ...fleetSteps, ...taskSteps, ...signInSteps];

/** Runs all steps; resolves to true when all had the expected outcome. */
export async function walkThrough(fleet: FleetProcess, signal: AbortSignal): Promise<boolean> {
  const walk: Walk = { fleet, tripId: "", ...createWatchedClient(fleet.url) };
  try {
    for (const [index, { title, place, run }] of steps.entries()) {
      const number = index + 1;
      const first = walk.answeredBy.length;
      const start = performance.now();
      try {
        const text = await run(walk);
        const ms = performance.now() - start;
        printStep({ number, title, place, replicas: walk.answeredBy.slice(first), ms, text });
      } catch (error) {
        if (!signal.aborted) printFailure(number, title, error);
        return false;
      }
    }
    return true;
  } finally {
    await walk.client.close();
    await walk.protectedAtlas?.close();
  }
}

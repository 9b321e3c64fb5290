/** Inputs that once ended a process, left a request without an answer or let wrong values pass. */
import { type AttackedProcess, startAttacked } from "./attacked-process.ts";
import { type FaultCase, faultCases } from "./fault-cases.ts";
import {
  confirmed,
  measureAll,
  megabytes,
  type Outcome,
  type Part,
  pauseCells,
  unanswered,
  withoutBars,
} from "./part.ts";
import type { Watched } from "./watch-process.ts";

/** Maximum pause of the event loop, in milliseconds. */
const maxPauseMs = 150;
/** Maximum memory, in bytes. */
const maxBytes = 450_000_000;

export const faults: Part = {
  name: "faults",
  title: `Faults: the expected outcome, at most ${maxPauseMs} ms of pause and ${megabytes(maxBytes)}`,
  columns: ["input", "outcome", "pause", "clock", "memory"],
  maxMs: 60_000,
  run: (_form, onOutcome) =>
    measureAll(
      faultCases.map((one) => () => confirmed(() => attack(one))),
      onOutcome,
    ),
};

async function attack({ what, file, attack: run, expected }: FaultCase): Promise<Outcome> {
  let process: AttackedProcess | undefined;
  try {
    process = await startAttacked(file, []);
    await process.ask("begin");
    const outcome = await run(process);
    const watched = (await process.ask("report")) as Watched;
    const { pauseMs, grownBytes } = watched;
    const shown = outcome.length > 90 ? `${outcome.slice(0, 90)} ...` : outcome;
    const cells = [what, withoutBars(shown), ...pauseCells(watched), megabytes(grownBytes)];
    const isSlow = pauseMs > maxPauseMs;
    return { cells, isHeld: expected.test(outcome) && !isSlow && grownBytes <= maxBytes, isSlow };
  } catch (error) {
    return unanswered(what, error, faults.columns);
  } finally {
    process?.stop();
  }
}

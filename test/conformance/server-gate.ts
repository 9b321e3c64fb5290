/** The server half of the gate: what the suite says about a running `examples/everything`. */
import { type Outcome, readOutcomes, type Totals, totalsOf } from "./outcomes.ts";
import { probe } from "./probe.ts";
import { runSuite, specVersion } from "./suite.ts";
import type { ExpectedPasses, KnownFailing } from "./verdict.ts";
import { faultsOf, readExpected, readExtensions, readKnownFailing } from "./verdict.ts";

export interface GateReport {
  /** The outcomes, without the scenarios that are known to fail. */
  readonly totals: Totals;
  readonly knownFailing: number;
  /** The faults; empty when the gate passes. */
  readonly faults: readonly string[];
}

/** Runs every scenario of a revision. None of them may fail or warn. */
export function runServerSuite(
  name: string,
  url: string,
  version: string = specVersion,
): Promise<GateReport> {
  const selection = ["--suite", "all", "--spec-version", version];
  const expected = readExpected("server", version);
  return runServer(name, url, { selection, expected, known: new Map() });
}

/** Runs the frozen set of the revision, and the extensions that it reports without scoring them. */
export function runServerRequirements(name: string, url: string): Promise<GateReport> {
  const selection = ["--requirements", specVersion];
  const expected = { ...readExpected("server"), ...readExtensions("server") };
  return runServer(name, url, { selection, expected, known: readKnownFailing("server") });
}

/** Runs each scenario of the Skills extension, which belongs to no revision. */
export async function runSkillScenarios(name: string, url: string): Promise<GateReport> {
  await probe(url);
  const expected = readExtensions("skills");
  const outcomes: Outcome[] = [];
  for (const scenario of Object.keys(expected)) {
    const args = ["server", "--url", url, "--scenario", scenario];
    const { folder } = await runSuite(`${name}-${scenario}`, args);
    outcomes.push(...readOutcomes(folder));
  }
  const faults = faultsOf(outcomes, expected, new Map(), Object.keys(expected));
  return { totals: totalsOf(outcomes), knownFailing: 0, faults };
}

interface Gate {
  readonly selection: readonly string[];
  readonly expected: ExpectedPasses;
  readonly known: KnownFailing;
}

async function runServer(
  name: string,
  url: string,
  { selection, expected, known }: Gate,
): Promise<GateReport> {
  await probe(url);
  const args = ["server", "--url", url, ...selection];
  const { exitCode, folder, output } = await runSuite(name, args);
  const outcomes = readOutcomes(folder);
  const complete = [...Object.keys(expected), ...known.keys()];
  const faults = faultsOf(outcomes, expected, known, complete);
  const crash = exitCode === 0 ? [] : [`the suite exited with ${exitCode}\n${tailOf(output)}`];
  return {
    totals: totalsOf(outcomes.filter(({ scenario }) => !known.has(scenario))),
    knownFailing: known.size,
    faults: [...faults, ...crash],
  };
}

function tailOf(output: string): string {
  return output.trimEnd().split("\n").slice(-20).join("\n");
}

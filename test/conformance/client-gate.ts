/** Runs the conformance suite against `examples/everything/client.ts`. */
import { join } from "node:path";
import { build } from "esbuild";
import { type Outcome, readOutcomes, totalsOf } from "./outcomes.ts";
import type { GateReport } from "./server-gate.ts";
import { outFolder, root, runSuite, specVersion } from "./suite.ts";
import {
  type ExpectedPasses,
  faultsOf,
  readAuthorization,
  readExpected,
  readExtensions,
  readKnownFailing,
} from "./verdict.ts";

const timeout = ["--timeout", "120000"];

/**
 * Bundles the client into one file, since the suite starts it dozens of times at once. Resolves to
 * the command that runs it on this Node.
 */
export async function bundleClient(): Promise<string> {
  const outfile = join(outFolder, "client.mjs");
  await build({
    entryPoints: [join(root, "examples/everything/client.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
    // Bundled CommonJS packages call `require` for Node's own modules.
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  return `"${process.execPath}" "${outfile}"`;
}

/** Runs all scenarios of the revision at once. In this mode, it ignores exit codes. */
export async function runClientSuite(command: string): Promise<GateReport> {
  const args = ["--command", command, "--suite", "all", "--spec-version", specVersion, ...timeout];
  const { folder } = await runSuite("client-suite", ["client", ...args]);
  return report(readOutcomes(folder));
}

/** Runs each scenario separately, so that the exit code of the client counts. */
export async function runClientScenarios(command: string): Promise<GateReport> {
  const names = Object.keys(readExpected("client"));
  return report(await inPairs(names, (name) => runScenario(command, name)));
}

/** Runs each scenario of an extension separately. They belong to no revision. */
export async function runExtensionScenarios(command: string): Promise<GateReport> {
  const expected = readExtensions("client");
  const names = Object.keys(expected);
  const outcomes = await inPairs(names, (name) => runScenario(command, name, null));
  const faults = faultsOf(outcomes, expected, new Map(), names);
  return { totals: totalsOf(outcomes), knownFailing: 0, faults };
}

/** Number of checks that pass for each scenario of an earlier revision. */
const legacyScenarios: { readonly [version: string]: ExpectedPasses } = {
  "2025-11-25": {
    initialize: 1,
    tools_call: 2,
    "elicitation-sep1034-client-defaults": 5,
    "sse-retry": 3,
    "json-schema-2020-12-preservation": 9,
    ...readAuthorization("2025-11-25"),
  },
  "2025-06-18": { initialize: 1, tools_call: 2 },
};

/** Runs the scenarios of the earlier revisions separately. */
export async function runLegacyScenarios(command: string): Promise<GateReport> {
  const faults: string[] = [];
  const all: Outcome[] = [];
  for (const [version, expected] of Object.entries(legacyScenarios)) {
    const names = Object.keys(expected);
    const outcomes = await inPairs(names, (name) => runScenario(command, name, version));
    all.push(...outcomes);
    faults.push(...faultsOf(outcomes, expected, new Map(), names));
  }
  return { totals: totalsOf(all), knownFailing: 0, faults };
}

function report(outcomes: readonly Outcome[]): GateReport {
  const expected = { ...readExpected("client"), ...readAuthorization() };
  const known = readKnownFailing("client");
  return {
    totals: totalsOf(outcomes.filter(({ scenario }) => !known.has(scenario))),
    knownFailing: known.size,
    faults: faultsOf(outcomes, expected, known, Object.keys(expected)),
  };
}

async function runScenario(
  command: string,
  scenario: string,
  version: string | null = specVersion,
): Promise<Outcome> {
  const selection = version === null ? [] : ["--spec-version", version];
  const args = ["--command", command, "--scenario", scenario, ...selection];
  const name = `client-${version ?? "extension"}-${scenario.replaceAll("/", "-")}`;
  const { exitCode, folder } = await runSuite(name, ["client", ...args, ...timeout]);
  const [outcome] = readOutcomes(folder);
  if (outcome === undefined) throw new Error(`${scenario}: the suite recorded no checks`);
  return { ...outcome, exitedWell: exitCode === 0 };
}

/** Works through a list, two at a time, and keeps its order. */
async function inPairs<T, R>(list: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const entries = list.entries();
  const worker = async () => {
    for (const [index, item] of entries) results[index] = await work(item);
  };
  await Promise.all([worker(), worker()]);
  return results;
}

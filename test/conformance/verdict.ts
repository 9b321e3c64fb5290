/** Decides whether a run is good: by its checks, by the list of known failures, and in full. */
import { readFileSync } from "node:fs";
import type { Outcome } from "./outcomes.ts";
import { specVersion } from "./suite.ts";

export type Side = "server" | "client";

/**
 * Number of checks of each scenario that the official SDK passes; for earlier revisions, all that there
 * are. Fewer mean that a check was not reached: the suite itself passes a scenario whose server is not
 * running.
 */
export type ExpectedPasses = { readonly [scenario: string]: number };

/** Reasons by scenario. */
export type KnownFailing = ReadonlyMap<string, string>;

export function readExpected(side: Side, version: string = specVersion): ExpectedPasses {
  if (version !== specVersion) return readJSON("earlier-revisions.json")[side]?.[version] ?? {};
  return readJSON("official-sdk.json")[side];
}

/**
 * The same for extensions, of which the official SDK has none: all checks that there are. Those of the
 * Skills extension are apart, because the frozen requirements do not include them.
 */
export function readExtensions(side: Side | "skills"): ExpectedPasses {
  return readJSON("extensions.json")[side];
}

/**
 * The checks of the authorization scenarios of a revision whose number differs from that of the official
 * SDK, because the suite counts some checks once for each request, and for other revisions all.
 */
export function readAuthorization(version: string = specVersion): ExpectedPasses {
  return readJSON("authorization.json")[version];
}

function readJSON(name: string) {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
}

export function readKnownFailing(side: Side): KnownFailing {
  const text = readFileSync(new URL("known-failing.txt", import.meta.url), "utf8");
  return parseKnownFailing(text, side);
}

/** Reads lines of the form `side scenario # reason`. */
export function parseKnownFailing(text: string, side: Side): KnownFailing {
  const known = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, of, scenario, reason] = /^(server|client) (\S+)\s+# (\S.*)$/.exec(line) ?? [];
    if (of === undefined || scenario === undefined || reason === undefined) {
      throw new Error(`known-failing.txt: expected "side scenario # reason", got: ${line}`);
    }
    if (of === side) known.set(scenario, reason);
  }
  return known;
}

/** The fault of one outcome, or `undefined` when it is good. */
function faultOf(outcome: Outcome, expected: ExpectedPasses): string | undefined {
  const { scenario, passed, failed, warnings, complaints, exitedWell } = outcome;
  if (failed > 0 || warnings > 0) {
    return `${scenario}: ${failed} failed, ${warnings} warnings\n  ${complaints.join("\n  ")}`;
  }
  if (!exitedWell) return `${scenario}: the tested program failed or ran out of time`;
  const wanted = expected[scenario];
  if (wanted === undefined || passed === wanted) return undefined;
  return `${scenario}: ${passed} checks passed, expected ${wanted}`;
}

/**
 * Everything that is wrong with a run; an empty list means that it is good.
 *
 * `complete` lists the scenarios that must have run.
 */
export function faultsOf(
  outcomes: readonly Outcome[],
  expected: ExpectedPasses,
  known: KnownFailing,
  complete: readonly string[],
): readonly string[] {
  const ran = new Set(outcomes.map(({ scenario }) => scenario));
  const missing = complete.filter((scenario) => !ran.has(scenario));
  const faults = missing.map((scenario) => `${scenario}: did not run`);
  for (const outcome of outcomes) {
    const fault = faultOf(outcome, expected);
    const isKnown = known.has(outcome.scenario);
    if (fault !== undefined && !isKnown) faults.push(fault);
    if (fault === undefined && isKnown) {
      faults.push(`${outcome.scenario}: passes; take it out of known-failing.txt`);
    }
  }
  return faults;
}

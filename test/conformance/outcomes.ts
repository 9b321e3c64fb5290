/** The outcomes of the suite by scenario. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

export interface Outcome {
  readonly scenario: string;
  readonly passed: number;
  readonly failed: number;
  readonly warnings: number;
  readonly skipped: number;
  /** The messages of checks that failed or warned. */
  readonly complaints: readonly string[];
  /** False when the suite counted the exit code of the tested program as a failure. */
  readonly exitedWell: boolean;
}

interface Check {
  readonly id: string;
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  readonly errorMessage?: string;
}

/** Reads every `checks.json` below a folder, in the order in which the scenarios ran. */
export function readOutcomes(folder: string): readonly Outcome[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((path) => basename(path) === "checks.json")
    .map((path) => join(folder, path))
    .sort((a, b) => timestampOf(a).localeCompare(timestampOf(b)))
    .map((path) => toOutcome(scenarioOf(relative(folder, path)), readChecks(path)));
}

function readChecks(path: string): readonly Check[] {
  return JSON.parse(readFileSync(path, "utf8"));
}

function toOutcome(scenario: string, checks: readonly Check[]): Outcome {
  const count = (status: Check["status"]) => checks.filter((it) => it.status === status).length;
  return {
    scenario,
    passed: count("SUCCESS"),
    failed: count("FAILURE"),
    warnings: count("WARNING"),
    skipped: count("SKIPPED"),
    complaints: checks
      .filter(({ status }) => status === "FAILURE" || status === "WARNING")
      .map(({ id, status, errorMessage }) => `${status} ${id}: ${errorMessage ?? ""}`),
    exitedWell: true,
  };
}

const timestamp = /-(\d{4}-\d\d-\d\dT[\d-]+Z)$/;

function timestampOf(path: string): string {
  return timestamp.exec(dirname(path))?.[1] ?? "";
}

/**
 * `server-tools-list-2026-…Z` is `tools-list`, `auth/basic-cimd-2026-…Z` is `auth/basic-cimd`, and
 * `authorization-server-authorization-code-grant-2026-…Z` is `authorization-code-grant`.
 */
function scenarioOf(path: string): string {
  return dirname(path)
    .replaceAll("\\", "/")
    .replace(timestamp, "")
    .replace(/^(?:authorization-)?server-/, "");
}

export interface Totals {
  readonly scenarios: number;
  readonly passed: number;
  readonly failed: number;
  readonly warnings: number;
  readonly skipped: number;
}

export function totalsOf(outcomes: readonly Outcome[]): Totals {
  const sum = (of: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  return {
    scenarios: outcomes.length,
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    warnings: sum(({ warnings }) => warnings),
    skipped: sum(({ skipped }) => skipped),
  };
}

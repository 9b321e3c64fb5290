import { legacyVersions } from "lutra/protocol";
import { expect, it } from "vitest";
import { createEraReport, type EraSource } from "./era-report.ts";
import type { EraRow } from "./era-table.ts";

const day = 86_400_000;
const now = Date.parse("2026-11-30T10:00:00Z");

function rowOf(members: Partial<EraRow> = {}): EraRow {
  return {
    day: "2026-11-30",
    client: "one",
    clientVersion: "1.0.0",
    protocolVersion: "2026-07-28",
    upstream: "a",
    requests: 1,
    failed: 0,
    lastSeen: new Date(now - 1000).toISOString(),
    used: {},
    declared: {},
    ...members,
  };
}

function verdictOn(subject: string, source: Partial<EraSource> = {}) {
  const complete = {
    rows: [],
    sinceMs: now - 30 * day,
    nowMs: now,
    days: 7,
    versions: ["2026-07-28", ...legacyVersions],
    switchedOff: [],
    ...source,
  };
  const found = createEraReport(complete).verdicts.find((one) => one.subject === subject);
  return [found?.isSafe, found?.because];
}

const old = { protocolVersion: "2025-03-26" };

it("has a verdict for each legacy version and each deprecated feature", () => {
  const source = { rows: [], sinceMs: now, nowMs: now, days: 7, versions: [], switchedOff: [] };
  expect(createEraReport(source).verdicts.map(({ subject }) => subject)).toEqual([
    "2025-11-25",
    "2025-06-18",
    "2025-03-26",
    "2024-11-05",
    "roots",
    "sampling",
    "logging",
    "dynamicClientRegistration",
    "includeContext",
    "httpSse",
  ]);
});

it.each<[string, Partial<EraSource>, string, string | RegExp]>([
  [
    "is in use",
    { rows: [rowOf(old), rowOf({ ...old, client: "two", requests: 4 })] },
    "no",
    "5 requests, last at 2026-11-30T09:59:59.000Z, by two 1.0.0, one 1.0.0",
  ],
  ["has not been in use for long enough", { rows: [rowOf()] }, "yes", "no use in 7 days"],
  [
    "was in use before the days in question",
    { rows: [rowOf({ ...old, lastSeen: new Date(now - 8 * day).toISOString() })] },
    "yes",
    "no use in 7 days",
  ],
  [
    "was not observed for long enough",
    { sinceMs: now - day },
    "unknown",
    "no use so far, but observed for 24 hours of 7 days",
  ],
  [
    "is switched off",
    { versions: ["2026-07-28"], rows: [rowOf(old)] },
    "yes",
    "it is switched off; 1 request asked for it",
  ],
])("the verdict on a version that %s is given with its reason", (_what, source, safe, because) => {
  expect(verdictOn("2025-03-26", source)).toEqual([safe, because]);
});

it.each<[string, Partial<EraRow>[], string, string | RegExp]>([
  ["is in use", [{ used: { roots: 2 } }], "no", /^2 requests, last at .*, by one 1\.0\.0$/],
  ["is not in use", [{}], "yes", "no use in 7 days"],
  [
    "is only declared",
    [{ declared: { roots: 3 } }],
    "yes",
    "no use in 7 days, although 3 requests declared it",
  ],
  [
    "may be used in requests that were not read",
    [{ client: null, clientVersion: null, requests: 2 }],
    "unknown",
    "2 requests passed unread; verify: gateway reads them",
  ],
])("the verdict on a feature that %s is given with its reason", (_what, rows, safe, because) => {
  const [isSafe, reason] = verdictOn("roots", { rows: rows.map(rowOf) });
  expect(isSafe).toBe(safe);
  if (typeof because === "string") expect(reason).toBe(because);
  else expect(reason).toMatch(because);
});

it("a feature that is switched off can stay so", () => {
  const rows = [rowOf({ used: { roots: 1 } })];
  expect(verdictOn("roots", { rows, switchedOff: ["roots"] })).toEqual([
    "yes",
    "it is switched off",
  ]);
});

it("does not claim to see registrations, which do not pass the gateway", () => {
  expect(verdictOn("dynamicClientRegistration")[0]).toBe("unknown");
});

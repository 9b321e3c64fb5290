import { beforeAll, describe, expect, it } from "vitest";
import { probe } from "./probe.ts";
import { runServerRequirements, runServerSuite, runSkillScenarios } from "./server-gate.ts";
import { type Fixture, startFetch, startFleet, startServe } from "./start-fixture.ts";
import { earlierVersions } from "./suite.ts";

const timeout = 120_000;
/** Each scenario is a run of the suite. */
const skillsTimeout = 240_000;

it("means three replicas by a fleet of three", async () => {
  const fleet = await startFleet(3);
  try {
    // The discovery of a probe is cached for a time, so that three probes may skip a replica.
    const replicas = new Set<string | undefined>();
    for (let count = 0; count < 9; count += 1) replicas.add(await probe(fleet.url));
    expect([...replicas].sort()).toEqual(["1", "2", "3"]);
  } finally {
    await fleet.close();
  }
});

describe.each([
  ["one process", "serve", startServe],
  ["three replicas in turn", "fleet", () => startFleet(3)],
  ["the fetch handler", "fetch", startFetch],
] as const)("the official suite against %s", (_what, name, start) => {
  let fixture: Fixture;

  beforeAll(async () => {
    fixture = await start();
    return () => fixture.close();
  });

  it("passes what the official SDK passes, without a failure or a warning", {
    timeout,
  }, async () => {
    const { totals, faults } = await runServerSuite(name, fixture.url);
    expect(faults).toEqual([]);
    expect(totals).toEqual({ scenarios: 40, passed: 152, failed: 0, warnings: 0, skipped: 0 });
  });

  // They hold the same scenarios, and those of extensions, which `npm run conformance` runs
  // against each of these servers.
  if (name !== "fleet") return;

  it("meets the frozen requirements of the revision", { timeout }, async () => {
    const { faults } = await runServerRequirements(`${name}-requirements`, fixture.url);
    expect(faults).toEqual([]);
  });

  it("passes the scenarios of the Skills extension", { timeout: skillsTimeout }, async () => {
    const { totals, faults } = await runSkillScenarios(`${name}-skills`, fixture.url);
    expect(faults).toEqual([]);
    expect(totals).toEqual({ scenarios: 3, passed: 45, failed: 0, warnings: 0, skipped: 0 });
  });
});

describe.each([
  ["one process", "serve", startServe],
  ["three replicas in turn", "fleet", () => startFleet(3)],
  ["the fetch handler", "fetch", startFetch],
] as const)("the official suite for earlier revisions against %s", (_what, name, start) => {
  let fixture: Fixture;

  beforeAll(async () => {
    fixture = await start();
    return () => fixture.close();
  });

  it.each(earlierVersions)(
    "passes all scenarios of $version, without a failure or a warning",
    {
      timeout,
    },
    async ({ version, scenarios, passed }) => {
      const { totals, faults } = await runServerSuite(`${name}-${version}`, fixture.url, version);
      expect(faults).toEqual([]);
      expect(totals).toEqual({ scenarios, passed, failed: 0, warnings: 0, skipped: 0 });
    },
  );
});

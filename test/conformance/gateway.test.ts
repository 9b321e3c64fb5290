/**
 * The suite has no mode for intermediaries. A gateway that adds nothing and loses nothing gets the
 * same results as the server behind it.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { startOfficial } from "./official/server.ts";
import { runServerRequirements, runServerSuite, runSkillScenarios } from "./server-gate.ts";
import type { Fixture } from "./start-fixture.ts";
import {
  startMerged,
  startOverModern,
  startOverOfficial,
  startPassThrough,
  startReplicated,
  startVerifying,
} from "./start-gateway.ts";
import { earlierVersions } from "./suite.ts";

const timeout = 120_000;
/** Each scenario is a run of the suite. */
const skillsTimeout = 240_000;
const skillsPassed = { scenarios: 3, passed: 45, failed: 0, warnings: 0, skipped: 0 };
const allPassed = { scenarios: 40, passed: 152, failed: 0, warnings: 0, skipped: 0 };

it("the fixture on the official SDK passes the suite without a gateway", {
  timeout,
}, async () => {
  const { url, close } = await startOfficial();
  try {
    const { totals, faults } = await runServerSuite("official", url);
    expect(faults).toEqual([]);
    expect(totals).toEqual(allPassed);
  } finally {
    await close();
  }
});

describe.each([
  ["one upstream, whose bodies pass unread", "gateway", startPassThrough],
  ["three replicas", "gateway-replicas", startReplicated],
  ["one upstream, whose bodies are read", "gateway-verify", startVerifying],
  ["the official SDK", "gateway-official", startOverOfficial],
] as const)("the official suite against a gateway over %s", (_what, name, start) => {
  let fixture: Fixture;

  beforeAll(async () => {
    fixture = await start();
    return () => fixture.close();
  });

  it("passes what the upstream passes, without a failure or a warning", { timeout }, async () => {
    const { totals, faults } = await runServerSuite(name, fixture.url);
    expect(faults).toEqual([]);
    expect(totals).toEqual(allPassed);
  });

  // They hold the same scenarios, and those of extensions, which `npm run conformance` runs
  // against each of these gateways.
  if (name === "gateway-replicas") {
    it("meets the frozen requirements of the revision", { timeout }, async () => {
      const { faults } = await runServerRequirements(`${name}-requirements`, fixture.url);
      expect(faults).toEqual([]);
    });

    it("passes the scenarios of the Skills extension", { timeout: skillsTimeout }, async () => {
      const { totals, faults } = await runSkillScenarios(`${name}-skills`, fixture.url);
      expect(faults).toEqual([]);
      expect(totals).toEqual(skillsPassed);
    });
  }
});

it.each([
  ["merges upstreams", {}],
  ["serves the skills that its rules allow", { allow: "skill://pack-a-rucksack/*" }],
] as const)(
  "a gateway that %s passes the scenarios of the Skills extension",
  { timeout: skillsTimeout },
  async (_what, rules) => {
    const { url, close } = await startMerged("allow" in rules ? rules : undefined);
    try {
      const { totals, faults } = await runSkillScenarios("gateway-merged-skills", url);
      expect(faults).toEqual([]);
      expect(totals).toEqual(skillsPassed);
    } finally {
      await close();
    }
  },
);

/** The sessions end at the gateway, and each of their requests may reach another replica. */
describe.each([
  ["three replicas", "gateway-replicas", startReplicated],
  ["an upstream of the current revision alone", "gateway-modern", startOverModern],
] as const)("the official suite for earlier revisions against a gateway over %s", (...row) => {
  const [_what, place, start] = row;
  let fixture: Fixture;

  beforeAll(async () => {
    fixture = await start();
    return () => fixture.close();
  });

  it.each(earlierVersions)(
    "passes all scenarios of $version, without a failure or a warning",
    { timeout },
    async ({ version, scenarios, passed }) => {
      const name = `${place}-${version}`;
      const { totals, faults } = await runServerSuite(name, fixture.url, version);
      expect(faults).toEqual([]);
      expect(totals).toEqual({ scenarios, passed, failed: 0, warnings: 0, skipped: 0 });
    },
  );
});

import { beforeAll, describe, expect, it } from "vitest";
import { probe } from "./probe.ts";
import { runServerRequirements, runServerSuite } from "./server-gate.ts";
import { type Fixture, startFetch, startFleet, startServe } from "./start-fixture.ts";

const timeout = 120_000;

it("means three replicas by a fleet of three", async () => {
  const fleet = await startFleet(3);
  try {
    const replicas = [await probe(fleet.url), await probe(fleet.url), await probe(fleet.url)];
    expect(replicas.sort()).toEqual(["1", "2", "3"]);
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

  it("meets the frozen requirements of the revision", { timeout }, async () => {
    const { faults } = await runServerRequirements(`${name}-requirements`, fixture.url);
    expect(faults).toEqual([]);
  });
});

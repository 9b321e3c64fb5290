import { expect, it } from "vitest";
import { runAuthorizationScenarios } from "./authorization-gate.ts";

it("the official suite passes for the authorization server of the sign-in tests", async () => {
  const { faults, totals } = await runAuthorizationScenarios();
  expect(faults).toEqual([]);
  expect(totals).toMatchObject({ scenarios: 2, skipped: 0 });
});

import { beforeAll, describe, expect, it } from "vitest";
import {
  bundleClient,
  runClientScenarios,
  runClientSuite,
  runExtensionScenarios,
  runLegacyScenarios,
} from "./client-gate.ts";

const timeout = 240_000;

describe("the official suite against the client", () => {
  let command: string;

  beforeAll(async () => {
    command = await bundleClient();
  });

  it("passes every scenario, all at once", { timeout }, async () => {
    expect((await runClientSuite(command)).faults).toEqual([]);
  });

  it("passes every scenario by itself, and exits well", { timeout }, async () => {
    expect((await runClientScenarios(command)).faults).toEqual([]);
  });

  it("passes every scenario of an extension", { timeout: 2 * timeout }, async () => {
    expect((await runExtensionScenarios(command)).faults).toEqual([]);
  });

  it("passes the scenarios of earlier revisions, and exits well", { timeout }, async () => {
    expect((await runLegacyScenarios(command)).faults).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { legacyVersions } from "../protocol/versioning.ts";
import { type Feature, has, hasBatches, negotiate } from "./revisions.ts";

describe("has", () => {
  it.each<[Feature, readonly boolean[]]>([
    ["annotations", [true, true, true, false]],
    ["structuredContent", [true, true, false, false]],
    ["elicitation", [true, true, false, false]],
    ["icons", [true, false, false, false]],
    ["urlElicitation", [true, false, false, false]],
    ["richForms", [true, false, false, false]],
    ["samplingTools", [true, false, false, false]],
    ["primedStreams", [true, false, false, false]],
  ])("tells which revisions have %s", (feature, expected) => {
    expect(legacyVersions.map((version) => has(version, feature))).toEqual(expected);
  });
});

describe("hasBatches", () => {
  it("is true for 2025-03-26 alone", () => {
    expect(legacyVersions.filter(hasBatches)).toEqual(["2025-03-26"]);
  });
});

describe("2025-11-25/basic/lifecycle#version-negotiation", () => {
  it("the server MUST respond with the requested version if it supports it", () => {
    for (const version of legacyVersions) {
      expect(negotiate(version, legacyVersions)).toBe(version);
    }
  });

  it.each(["2026-07-28", "1999-01-01", "", "__proto__", 1, null, undefined, {}])(
    "otherwise with another one, which SHOULD be its latest: %j",
    (requested) => {
      expect(negotiate(requested, legacyVersions)).toBe("2025-11-25");
      expect(negotiate(requested, ["2025-03-26", "2024-11-05"])).toBe("2025-03-26");
    },
  );
});

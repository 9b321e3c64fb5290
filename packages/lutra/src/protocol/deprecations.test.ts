import { expect, it } from "vitest";
import { deprecatedFeatureOf, deprecations } from "./deprecations.ts";
import { legacyVersions, modernVersions } from "./versioning.ts";

it("lists the features of the specification's registry, each with a revision and a date", () => {
  expect(deprecations.map(({ feature }) => feature)).toEqual([
    "roots",
    "sampling",
    "logging",
    "dynamicClientRegistration",
    "includeContext",
    "httpSse",
  ]);
  for (const { deprecatedIn, removableFrom, replacement } of deprecations) {
    expect([...modernVersions, ...legacyVersions]).toContain(deprecatedIn);
    expect(removableFrom).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(removableFrom > deprecatedIn).toBe(true);
    expect(replacement).not.toBe("");
  }
});

it.each([
  ["roots/list", "roots"],
  ["sampling/createMessage", "sampling"],
  ["logging/setLevel", "logging"],
  ["notifications/message", "logging"],
  ["tools/call", undefined],
])("the method %s belongs to the feature %s", (method, feature) => {
  expect(deprecatedFeatureOf(method)).toBe(feature);
});

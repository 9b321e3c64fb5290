import { expect, it } from "vitest";
import { deprecationTable } from "./deprecation-table.ts";

it("shows the revision, the earliest removal and the replacement of each feature", () => {
  const table = deprecationTable([
    {
      feature: "roots",
      name: "Roots",
      deprecatedIn: "2026-07-28",
      earliestRemoval: "later",
      removableFrom: "2027-07-28",
      replacement: "Use arguments | URIs",
      proposal: "SEP-1",
      methods: [],
    },
  ]);
  expect(table.split("\n").at(-1)).toBe(
    "| Roots | `roots` | 2026-07-28 | later (SEP-1) | Use arguments \\| URIs |",
  );
});

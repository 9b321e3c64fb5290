import { describe, expect, it } from "vitest";
import { latestVersion, modernVersions, requireVersion } from "./versioning.ts";

describe("basic/versioning#protocol-version-negotiation", () => {
  it("speaks 2026-07-28", () => {
    expect(latestVersion).toBe("2026-07-28");
    expect(modernVersions).toEqual(["2026-07-28"]);
    expect(() => requireVersion("2026-07-28", modernVersions)).not.toThrow();
  });

  it.each([["1900-01-01"], ["2025-11-25"], ["2026-07-29"], ["2026-07-28 "], [""], ["constructor"]])(
    "MUST respond to %j with an error that lists the supported versions",
    (requested) => {
      const data = { supported: ["2026-07-28"], requested };
      expect(() => requireVersion(requested, modernVersions)).toThrow(
        expect.objectContaining({ code: -32022, status: 400, data }),
      );
    },
  );
});

/** The short form of `npm run attack -- core`. */
import { describe, expect, it } from "vitest";
import { parts } from "../../bench/attack/parts.ts";

describe.each(parts.filter(({ name }) => name !== "schemas"))("$name", ({ run }) => {
  it("holds every bound of its part", async () => {
    const outcomes = await run("short");
    expect(outcomes).not.toEqual([]);
    expect(outcomes.filter(({ isHeld }) => !isHeld)).toEqual([]);
  });
});

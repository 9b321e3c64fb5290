/** The short form of `npm run attack -- gateway`, of those parts that no other test covers. */
import { describe, expect, it } from "vitest";
import { gatewayParts } from "../../bench/attack/gateway-parts.ts";

const inTest = ["upstreams", "responses", "machine"];

describe.each(gatewayParts.filter(({ name }) => inTest.includes(name)))("$name", ({ run }) => {
  it("holds every expectation of its part", async () => {
    const outcomes = await run("short");
    expect(outcomes).not.toEqual([]);
    expect(outcomes.filter(({ isHeld }) => !isHeld)).toEqual([]);
  });
});

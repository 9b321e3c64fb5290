import { describe, expect, it } from "vitest";
import { limited } from "./fixtures/limited-upstream.ts";
import { LimitUse } from "./limit-use.ts";

/** A use with a clock that the test moves. */
function useAt(start = 0) {
  const clock = { ms: start };
  return { use: new LimitUse(() => clock.ms), clock };
}

describe("the use of a limit", () => {
  it("counts requests in flight, and those of the last minute by key", () => {
    const { use } = useAt();
    const leave = use.enter("ada");
    use.enter("ada");
    use.enter("bo")();
    use.refuse("ada");
    expect(use.stats()).toEqual({
      inFlight: 2,
      admitted: 3,
      refused: 1,
      busiest: [
        { key: "ada", inFlight: 2, admitted: 2, refused: 1 },
        { key: "bo", inFlight: 0, admitted: 1, refused: 0 },
      ],
    });
    leave();
    expect(use.stats().inFlight).toBe(1);
  });

  it("forgets requests after a minute, but not those in flight", () => {
    const { use, clock } = useAt();
    use.enter("ada");
    clock.ms = 30_000;
    use.refuse("bo");
    clock.ms = 60_000;
    expect(use.stats()).toMatchObject({ inFlight: 1, admitted: 0, refused: 1 });
    clock.ms = 90_000;
    expect(use.stats()).toEqual({
      inFlight: 1,
      admitted: 0,
      refused: 0,
      busiest: [{ key: "ada", inFlight: 1, admitted: 0, refused: 0 }],
    });
  });

  it("counts at most 1000 keys at a time, and shows 5", () => {
    const { use } = useAt();
    for (let index = 0; index < 1500; index += 1) use.enter(`key ${index}`)();
    expect(use.stats().admitted).toBe(1500);
    expect(use.stats().busiest).toHaveLength(5);
    use.refuse("key 1499");
    expect(use.stats().busiest.some(({ key }) => key === "key 1499")).toBe(false);
  });
});

it("is counted for each limit that applies to a request", async () => {
  const uses = [new LimitUse(), new LimitUse()];
  const { call } = limited(
    [{ rate: { requests: 1, perMs: 60_000 }, per: ["principal"] }, { concurrency: 1 }],
    () => ({ resultType: "complete" }),
    { uses },
  );
  await call({ principal: "ada" });
  await expect(call({ principal: "ada" })).rejects.toMatchObject({ status: 429 });
  expect(uses[0]?.stats()).toMatchObject({ inFlight: 0, admitted: 1, refused: 1 });
  expect(uses[0]?.stats().busiest[0]?.key).toContain("ada");
  // A request that one limit refuses does not count against the others.
  expect(uses[1]?.stats()).toMatchObject({ inFlight: 0, admitted: 1, refused: 0 });
});

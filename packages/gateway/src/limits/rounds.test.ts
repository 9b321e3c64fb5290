import type { InputRequiredResult, JSONObject } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { type Calling, type LimitedUpstream, limited } from "./fixtures/limited-upstream.ts";

const once = { rate: { requests: 1, perMs: 86_400_000 } };
const beyond = { status: 429 };
const forged = { code: -32602, status: 400 };
const question = { resultType: "input_required", inputRequests: { a: { method: "roots/list" } } };

/** Returns an upstream that asks for input in every round, with the given state if there is one. */
const asking = (state?: (round: number) => string) => {
  let round = 0;
  return () => {
    round += 1;
    return { ...question, ...(state && { requestState: state(round) }) };
  };
};

const stateOf = (result: object) => (result as InputRequiredResult).requestState as string;

/** Returns a client's retry of a call. */
async function retry(
  { call }: LimitedUpstream,
  requestState: string | undefined,
  calling: Calling = {},
) {
  const input: JSONObject = { inputResponses: { a: { roots: [] } }, requestState };
  return call({ ...calling, params: { ...calling.params, ...input } });
}

describe("the rounds of one exchange", () => {
  it("count as one request, and the upstream gets its own state back", async () => {
    const upstream = limited(
      [once],
      asking((round) => `state ${round}`),
    );
    let result = await upstream.call();
    for (let count = 0; count < 5; count += 1) result = await retry(upstream, stateOf(result));
    const states = upstream.requests.map(({ params }) => params?.requestState);
    expect(states).toEqual([undefined, "state 1", "state 2", "state 3", "state 4", "state 5"]);
    await expect(upstream.call()).rejects.toMatchObject(beyond);
  });

  it("are recognized if the upstream sends no state", async () => {
    const upstream = limited([once], asking());
    const result = await retry(upstream, stateOf(await upstream.call()));
    await retry(upstream, stateOf(result));
    for (const { params } of upstream.requests) expect(params).not.toHaveProperty("requestState");
  });

  it("hide the content of the state from the client", async () => {
    const upstream = limited(
      [once],
      asking(() => "the secret of the upstream"),
    );
    const state = stateOf(await upstream.call());
    expect(
      atob(
        state
          .slice(state.lastIndexOf(".") + 1)
          .replaceAll("-", "+")
          .replaceAll("_", "/"),
      ),
    ).not.toContain("secret");
  });

  it("count separately after 32 retries", async () => {
    const upstream = limited([once], asking());
    let result = await upstream.call();
    for (let count = 0; count < 32; count += 1) result = await retry(upstream, stateOf(result));
    await expect(retry(upstream, stateOf(result))).rejects.toMatchObject(beyond);
  });

  it("are not sealed if no rate limit applies", async () => {
    const upstream = limited(
      [{ concurrency: 5 }],
      asking(() => "own"),
    );
    expect(stateOf(await upstream.call())).toBe("own");
    await retry(upstream, "anything");
    expect(upstream.requests[1]?.params?.requestState).toBe("anything");
  });
});

describe("the sealed state of a round", () => {
  it("exempts one retry from the limit, so that a repeated retry counts", async () => {
    const upstream = limited([once], asking());
    const state = stateOf(await upstream.call());
    await retry(upstream, state);
    await expect(retry(upstream, state)).rejects.toMatchObject(beyond);
  });

  it("allows 32 uncounted retries in all branches of an exchange together", async () => {
    const upstream = limited([once], asking());
    const known = [stateOf(await upstream.call())];
    let free = 0;
    for (let count = 0; count < 200; count += 1) {
      const state = known[count % known.length] as string;
      const result = await retry(upstream, state).catch(() => undefined);
      if (result === undefined) continue;
      free += 1;
      known.push(stateOf(result));
    }
    expect(free).toBeGreaterThan(5);
    expect(free).toBeLessThanOrEqual(32);
  });

  const generous = { rate: { requests: 100, perMs: 1000 } };

  it.each([
    ["other arguments", { params: { arguments: { amount: 2 } } }],
    ["another tool", { name: "other" }],
    ["another method", { method: "prompts/get" }],
    ["another principal", { principal: "bo" }],
    ["no principal", { principal: undefined }],
  ])("is rejected with %s", async (_what, difference) => {
    const upstream = limited([generous], asking());
    const calling = { principal: "ada", params: { arguments: { amount: 1 } } };
    const state = stateOf(await upstream.call(calling));
    const other = { ...calling, ...difference } as Calling;
    await expect(retry(upstream, state, other)).rejects.toMatchObject(forged);
    await retry(upstream, state, calling);
    expect(upstream.requests).toHaveLength(2);
  });

  it.each([
    ["tampered", (state: string) => `${state.slice(0, -1)}${state.endsWith("A") ? "B" : "A"}`],
    ["truncated", (state: string) => state.slice(0, -5)],
    ["made up", () => "lutra-limits:a.AAAA"],
    ["empty", () => "lutra-limits:"],
  ])("is rejected when it is %s", async (_what, change) => {
    const upstream = limited([generous], asking());
    const state = stateOf(await upstream.call());
    await expect(retry(upstream, change(state))).rejects.toMatchObject(forged);
    expect(upstream.requests).toHaveLength(1);
  });

  it("is rejected after an hour", async () => {
    const upstream = limited([generous], asking());
    const first = stateOf(await upstream.call());
    upstream.clock.advance(3_599_999);
    const second = stateOf(await retry(upstream, first));
    upstream.clock.advance(3_600_000);
    await expect(retry(upstream, second)).rejects.toMatchObject({
      ...forged,
      message: "params.requestState: expired",
    });
  });

  it("does not exempt a retry if it is forged", async () => {
    const upstream = limited([{ rate: { requests: 2, perMs: 60_000 } }]);
    const forgery = () => retry(upstream, "lutra-limits:a.AAAA");
    await expect(forgery()).rejects.toMatchObject(forged);
    await expect(forgery()).rejects.toMatchObject(forged);
    await expect(forgery()).rejects.toMatchObject(beyond);
  });
});

it("a retry with unsealed state counts, and the upstream gets that state", async () => {
  const upstream = limited([{ rate: { requests: 2, perMs: 60_000 } }]);
  await retry(upstream, "older than the limit");
  await retry(upstream, undefined);
  expect(upstream.requests[0]?.params?.requestState).toBe("older than the limit");
  await expect(retry(upstream, "x")).rejects.toMatchObject(beyond);
});

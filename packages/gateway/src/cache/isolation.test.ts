/** Random operations in random order: no caller receives a result for another caller. */
import fc from "fast-check";
import type { Result } from "lutra/protocol";
import { expect, it } from "vitest";
import { type Asking, cached, settle } from "./fixtures/cached-upstream.ts";

const callers: readonly Asking[] = [
  {},
  { principal: "ada" },
  { principal: "bo" },
  { headers: { authorization: "Bearer one" } },
  { headers: { authorization: "Bearer two" } },
  { principal: "ada", headers: { authorization: "Bearer one" } },
  { headers: { cookie: "Bearer one" } },
];
const methods = ["tools/list", "resources/read"];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("ask" as const),
      caller: fc.nat(callers.length - 1),
      method: fc.constantFrom(...methods),
      uri: fc.constantFrom("a", "b"),
      scope: fc.constantFrom("private", "public"),
      ttlMs: fc.constantFrom(0, 10, 1000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(1500) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      method: fc.constantFrom(...methods),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("settle" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("outage" as const) }) },
);

it("a private result never reaches another caller", async () => {
  const steps = fc.array(step, { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(undefined, true, false), async (all, trustPublic) => {
      let next: object = {};
      let isDown = false;
      const { ask, caching, clock } = cached(
        async (_request, { principal, header }) => {
          if (isDown) throw Object.assign(new Error("down"));
          const who = [principal?.id, header?.("authorization"), header?.("cookie")];
          return { resultType: "complete", ...next, who: JSON.stringify(who) };
        },
        { trustPublic },
      );
      const answers: Promise<void>[] = [];
      for (const one of all) {
        if (one.kind === "wait") clock.advance(one.ms);
        else if (one.kind === "settle") await settle();
        else if (one.kind === "outage") isDown = !isDown;
        else if (one.kind === "change") answers.push(caching.forget("a", { method: one.method }));
        else {
          next = { cacheScope: one.scope, ttlMs: one.ttlMs, wasPublic: one.scope === "public" };
          const caller = callers[one.caller] as Asking;
          const asked = ask({ ...caller, method: one.method, params: { uri: one.uri } });
          answers.push(asked.then((result) => check(result, caller, trustPublic)).catch(masked));
        }
      }
      await Promise.all(answers);
    }),
    { numRuns: 300 },
  );
});

function check(result: Result, caller: Asking, trustPublic: boolean | undefined): void {
  const { principal = null, headers } = caller;
  const who = JSON.stringify([principal, headers?.authorization ?? null, headers?.cookie ?? null]);
  if (result.who === who) return;
  // A result for another caller must be public, and trusted to be.
  expect(result).toMatchObject({ wasPublic: true, cacheScope: "public" });
  if (trustPublic === undefined) expect(result.who).toBe("[null,null,null]");
  expect(trustPublic).not.toBe(false);
}

function masked(error: Error): void {
  if (error.message !== "down") throw error;
}

import type { ReplayGuard } from "../../stores/replay-guard.ts";
import { type ContractCase, expectEqual, freshId } from "./contract-case.ts";

/**
 * Returns the contract of a `ReplayGuard` as cases for any test runner. `open` resolves to two guards
 * with the same claims, as two replicas have them. For a guard in memory, both are the same.
 */
export function replayGuardContract(
  open: () => Promise<readonly [ReplayGuard, ReplayGuard]>,
): readonly ContractCase[] {
  return cases.map(({ name, body }) => ({ name, run: async () => body(...(await open())) }));
}

interface ReplayGuardCase {
  readonly name: string;
  readonly body: (one: ReplayGuard, other: ReplayGuard) => Promise<void>;
}

const cases: readonly ReplayGuardCase[] = [
  {
    name: "grants the first claim at any replica and refuses every later one",
    body: async (one, other) => {
      const id = freshId();
      expectEqual(await one.claim(id, 600_000), true, "the first claim");
      expectEqual(await other.claim(id, 600_000), false, "a claim at another replica");
      expectEqual(await one.claim(id, 600_000), false, "a claim at the same replica");
      expectEqual(await one.claim(freshId(), 600_000), true, "a claim of something else");
    },
  },
  {
    name: "grants one of many claims at once",
    body: async (one, other) => {
      const id = freshId();
      const claims = Array.from({ length: 20 }, (_, n) =>
        (n % 2 === 0 ? one : other).claim(id, 600_000),
      );
      const granted = (await Promise.all(claims)).filter(Boolean);
      expectEqual(granted.length, 1, "how many are granted");
    },
  },
  {
    name: "grants a claim again after its time",
    body: async (one, other) => {
      const id = freshId();
      await one.claim(id, 1);
      const giveUpAt = Date.now() + 10_000;
      while (!(await other.claim(id, 600_000)) && Date.now() < giveUpAt);
      expectEqual(Date.now() < giveUpAt, true, "the claim is granted again");
      expectEqual(await one.claim(id, 600_000), false, "a claim after that");
    },
  },
];

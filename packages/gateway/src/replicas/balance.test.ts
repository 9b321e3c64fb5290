import { describe, expect, it } from "vitest";
import { type Balance, type Candidate, createBalance } from "./balance.ts";

interface Named extends Candidate {
  readonly name: string;
}

function candidate(name: string, inFlight = 0, share = 1): Named {
  return { name, inFlight, share: () => share };
}

/** Returns these numbers in turn. */
function drawing(...numbers: number[]): () => number {
  return () => numbers.shift() ?? 0.999;
}

const [a, b, c] = ["a", "b", "c"].map((name) => candidate(name)) as [Named, Named, Named];
const all: readonly Balance[] = ["round-robin", "least-in-flight", "two-choices"];

describe.each(all)("%s", (balance) => {
  it("returns undefined without candidates", () => {
    expect(createBalance(balance, drawing())([], [])).toBeUndefined();
  });

  it("does not choose a candidate that was tried", () => {
    const choose = createBalance(balance, Math.random);
    for (let turn = 0; turn < 20; turn += 1) expect(choose([a, b, c], [a, c])).toBe(b);
    expect(choose([a, b], [a, b])).toBeUndefined();
  });

  it("chooses the only candidate, however small its share", () => {
    const [small] = [candidate("small", 0, 0.1)];
    expect(createBalance(balance, drawing())([small], [])).toBe(small);
  });
});

describe("round-robin", () => {
  it("takes turns", () => {
    const choose = createBalance("round-robin", drawing());
    const names = Array.from({ length: 6 }, () => choose([a, b, c], [])?.name);
    expect(names.join("")).toBe("abcabc");
  });

  it("stays fair when a candidate is added or removed", () => {
    const choose = createBalance("round-robin", drawing());
    expect([choose([a, b, c], []), choose([a, b, c], []), choose([a, b], [])]).toEqual([a, b, a]);
  });

  it("skips a candidate with a partial share as often as the share requires", () => {
    const warming = candidate("w", 0, 0.25);
    const choose = createBalance("round-robin", drawing(0.9, 0.2, 0.3));
    const names = Array.from({ length: 5 }, () => choose([a, warming], [])?.name);
    expect(names.join("")).toBe("aawaa");
  });

  it("chooses a skipped candidate if there is no other", () => {
    const warming = [candidate("v", 0, 0.1), candidate("w", 0, 0.1)];
    expect(createBalance("round-robin", drawing(0.9, 0.9))(warming, [])).toBe(warming[0]);
  });
});

describe("least-in-flight", () => {
  it("chooses the candidate with the fewest exchanges", () => {
    const choose = createBalance("least-in-flight", drawing());
    expect(choose([candidate("a", 3), candidate("b", 1), candidate("c", 2)], [])?.name).toBe("b");
  });

  it("takes turns where several have as few exchanges", () => {
    const choose = createBalance("least-in-flight", drawing());
    const names = Array.from({ length: 4 }, () => choose([a, b, candidate("d", 9)], [])?.name);
    expect(names.join("")).toBe("abab");
  });

  it("scales the load by the share", () => {
    const choose = createBalance("least-in-flight", drawing());
    const few = [candidate("w", 0, 0.1), candidate("a", 4)];
    expect(choose(few, [])?.name).toBe("a");
    expect(choose([candidate("w", 0, 0.5), candidate("a", 4)], [])?.name).toBe("w");
  });
});

describe("two-choices", () => {
  it("chooses the better of two random candidates", () => {
    const [busy, idle] = [candidate("busy", 5), candidate("idle", 0)];
    const draw = (first: number) => createBalance("two-choices", drawing(first, 0));
    expect(draw(0)([busy, idle], [])).toBe(idle);
    expect(draw(0.6)([busy, idle], [])).toBe(idle);
  });

  it("never compares a candidate with itself", () => {
    const loads = [candidate("a", 9), candidate("b", 8), candidate("c", 7)];
    for (let first = 0; first < 1; first += 0.1) {
      for (let second = 0; second < 1; second += 0.1) {
        const choose = createBalance("two-choices", drawing(first, second));
        expect(choose(loads, [])?.name).not.toBe("a");
      }
    }
  });
});

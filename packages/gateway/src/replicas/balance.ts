/** Which replica is next. */

/** What a choice reads of a replica. */
export interface Candidate {
  /** Exchanges under way. */
  readonly inFlight: number;
  /** How much of a full share it gets, above 0 and up to 1. */
  readonly share: () => number;
}

/** Picks one of the candidates that were not tried before; `undefined` when all were. */
export type Choose = <C extends Candidate>(
  candidates: readonly C[],
  tried: readonly C[],
) => C | undefined;

export type Balance = "round-robin" | "least-in-flight" | "two-choices";

/**
 * Makes a choice with a memory of its own. `round-robin` takes turns; `least-in-flight` takes the
 * one with the fewest exchanges under way, and turns where several have; `two-choices` takes the
 * better one of two drawn at random, which keeps many gateways from running to the same replica.
 */
export function createBalance(balance: Balance, random: () => number): Choose {
  if (balance === "two-choices") return twoChoices(random);
  return balance === "round-robin" ? roundRobin(random) : leastInFlight();
}

/** One that has not its full share yet is passed over as often as its share says. */
function roundRobin(random: () => number): Choose {
  let turn = 0;
  return (candidates, tried) => {
    const count = candidates.length;
    let passedOver: (typeof candidates)[number] | undefined;
    for (let step = 0; step < count; step += 1) {
      const index = (turn + step) % count;
      const candidate = candidates[index] as (typeof candidates)[number];
      if (tried.includes(candidate)) continue;
      const share = candidate.share();
      if (share === 1 || random() < share) {
        turn = (index + 1) % count;
        return candidate;
      }
      passedOver ??= candidate;
    }
    return passedOver;
  };
}

function leastInFlight(): Choose {
  let turn = 0;
  return (candidates, tried) => {
    const count = candidates.length;
    let best: (typeof candidates)[number] | undefined;
    let bestLoad = Number.POSITIVE_INFINITY;
    let bestIndex = 0;
    for (let step = 0; step < count; step += 1) {
      const index = (turn + step) % count;
      const candidate = candidates[index] as (typeof candidates)[number];
      if (tried.includes(candidate)) continue;
      const load = loadOf(candidate);
      if (load >= bestLoad) continue;
      [best, bestLoad, bestIndex] = [candidate, load, index];
    }
    turn = (bestIndex + 1) % Math.max(count, 1);
    return best;
  };
}

function twoChoices(random: () => number): Choose {
  return (candidates, tried) => {
    const left = tried.length === 0 ? candidates : candidates.filter((c) => !tried.includes(c));
    const count = left.length;
    if (count < 2) return left[0];
    const first = Math.floor(random() * count);
    const second = (first + 1 + Math.floor(random() * (count - 1))) % count;
    const [a, b] = [left[first], left[second]] as [Candidate, Candidate];
    return left[loadOf(a) <= loadOf(b) ? first : second];
  };
}

/** What its load would be with one exchange more, were its share a full one. */
function loadOf(candidate: Candidate): number {
  return (candidate.inFlight + 1) / candidate.share();
}

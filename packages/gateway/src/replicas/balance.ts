/** The choice of the next replica. */

/** A replica as the choice sees it. */
export interface Candidate {
  /** Number of exchanges in flight. */
  readonly inFlight: number;
  /** Returns its part of a full share: above 0, up to 1. */
  readonly share: () => number;
}

/** Returns one of the candidates that were not tried; undefined when all were. */
export type Choose = <C extends Candidate>(
  candidates: readonly C[],
  tried: readonly C[],
) => C | undefined;

export type Balance = "round-robin" | "least-in-flight" | "two-choices";

/**
 * Creates a choice with a state of its own. `round-robin` takes turns. `least-in-flight` chooses the
 * replica with the fewest exchanges in flight, in turn where several have as few. `two-choices`
 * chooses the better of two random replicas, so that many gateways do not choose the same one.
 */
export function createBalance(balance: Balance, random: () => number): Choose {
  if (balance === "two-choices") return twoChoices(random);
  return balance === "round-robin" ? roundRobin(random) : leastInFlight();
}

/** Skips a replica with a partial share as often as the share requires. */
function roundRobin(random: () => number): Choose {
  let turn = 0;
  return (candidates, tried) => {
    const count = candidates.length;
    let skipped: (typeof candidates)[number] | undefined;
    for (let step = 0; step < count; step += 1) {
      const index = (turn + step) % count;
      const candidate = candidates[index] as (typeof candidates)[number];
      if (tried.includes(candidate)) continue;
      const share = candidate.share();
      if (share === 1 || random() < share) {
        turn = (index + 1) % count;
        return candidate;
      }
      skipped ??= candidate;
    }
    return skipped;
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

/** Returns the load with one more exchange, in proportion to the share. */
function loadOf(candidate: Candidate): number {
  return (candidate.inFlight + 1) / candidate.share();
}

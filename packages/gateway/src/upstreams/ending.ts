/** How an upstream comes to its end. */
import type { Clock } from "../replicas/clock.ts";

export interface Ending {
  readonly hasBegun: boolean;
  /** Resolves when nothing is under way any more, at the latest after `graceMs`. */
  readonly begin: (graceMs: number) => Promise<void>;
}

const lookMs = 20;

export function createEnding(inFlight: () => number, clock: Clock): Ending {
  let hasBegun = false;
  return {
    get hasBegun() {
      return hasBegun;
    },
    begin: (graceMs) => {
      hasBegun = true;
      const endsAt = clock.now() + graceMs;
      return new Promise((resolve) => {
        const look = () => {
          if (inFlight() === 0 || clock.now() >= endsAt) resolve();
          else clock.after(lookMs, look);
        };
        look();
      });
    },
  };
}

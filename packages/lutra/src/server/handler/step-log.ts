/** Where a run of a handler is noted while it goes on, when it outlives the request it serves. */
import type { InputMemory, StepOutcome } from "./request-state.ts";

/** What a run knows at any moment. */
export interface Remembering {
  /** What a run after this one is to know. */
  readonly memory: InputMemory;
}

/**
 * Notes what a run of a handler does. Absent where a run is one round of a request and nothing
 * else: there the request state carries all of it.
 */
export interface Journal {
  /** Called once, before the handler starts. */
  readonly begin?: (run: Remembering) => void;
  /** Keeps the outcome of a step; resolves to the one that counts, should another be there first. */
  readonly step: (name: string, outcome: StepOutcome) => Promise<StepOutcome>;
  /** Shows how far the work is. */
  readonly status: (message: string) => Promise<void>;
  /** Lets the call outlive its request from here on. */
  readonly startTask: () => Promise<void>;
}

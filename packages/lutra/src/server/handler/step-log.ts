/** The record of a round that can outlive the request that started it. */
import type { InputMemory, StepOutcome } from "./request-state.ts";

/** A round that can be asked for its memory while it runs. */
export interface MemorySource {
  /** The memory for a round that would follow now. */
  readonly memory: InputMemory;
}

/**
 * Receives what a handler does while it runs. Left out for a round within a request, whose request
 * state carries all of it.
 */
export interface StepLog {
  /** Called once, before the handler starts. */
  readonly begin?: (round: MemorySource) => void;
  /** Stores the outcome of a step. Resolves to the outcome that counts, which may be an older one. */
  readonly step: (name: string, outcome: StepOutcome) => Promise<StepOutcome>;
  /** Publishes a status message. */
  readonly status: (message: string) => Promise<void>;
  /** Turns the call into a task, which outlives its request. */
  readonly startTask: () => Promise<void>;
}

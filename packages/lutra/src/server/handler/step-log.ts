/** The record of a round that can outlive the request that started it. */
import type { HistoryEntry } from "./history.ts";
import type { InputMemory, StepOutcome } from "./request-state.ts";

/** A round that can be asked for its memory while it runs. */
export interface MemorySource {
  /** The memory for a round that would follow now. */
  readonly memory: InputMemory;
}

/** The progress of a round since it was last recorded. */
export interface RoundProgress {
  /** Outcomes of steps that have ended. */
  readonly steps: { readonly [name: string]: StepOutcome };
  /** The whole history of the exchange so far. */
  readonly history: readonly HistoryEntry[];
}

/**
 * Receives the progress of a handler while it runs. Absent for a round that can only end with its
 * request, because the request state then contains all progress.
 */
export interface StepLog {
  /** Called once, before the handler starts. */
  readonly begin?: (round: MemorySource) => void;
  /** Called before each effect. Throws or rejects when the round must not cause further effects. */
  readonly confirm?: () => void | Promise<void>;
  /** Called with each outcome before it is recorded. Throws for one that is too large. */
  readonly check?: (name: string, outcome: StepOutcome) => void;
  /** Stores the progress of the round. */
  readonly record: (progress: RoundProgress) => Promise<void>;
  /** True when the round can end during a sleep, and continue in another one afterwards. */
  readonly canPause: () => boolean;
  /** Publishes a status message. */
  readonly status: (message: string) => Promise<void>;
  /** Turns the call into a task, which outlives its request. */
  readonly startTask: () => Promise<void>;
}

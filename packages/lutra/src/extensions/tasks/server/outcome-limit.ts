/** The maximum size of what a task records: the outcomes of its steps, and its result. */
import { ProtocolError } from "../../../protocol/errors.ts";
import { sizeOfJSON } from "../../../protocol/json.ts";
import type { Result } from "../../../protocol/json-rpc.ts";
import type { InputMemory, StepOutcome } from "../../../server/handler/request-state.ts";

/**
 * Maximum total length of the outcomes of a task, in characters of JSON. The store writes all of them
 * with each step. If it could not do so in time, it would appear to be unavailable, and the attempt
 * would repeat its effects until the task expires.
 */
export const maxOutcomeChars: number = 33_554_432;

/**
 * Maximum size of the result of a task, about, in bytes. It is stored in one write, and a client reads
 * it in one response.
 */
export const maxResultBytes: number = 33_554_432;

/**
 * Returns the result of a task.
 *
 * @throws {ProtocolError} `internalError` for one that is too large to be stored
 */
export function requireResultSize(result: Result): Result {
  if (sizeOfJSON(result, maxResultBytes) <= maxResultBytes) return result;
  throw new ProtocolError(
    "internalError",
    `result of the task: expected about ${maxResultBytes} bytes at most; return a link to a resource`,
  );
}

/** Counts the outcomes of one round and of those before it. */
export class OutcomeLimit {
  readonly #known: InputMemory["steps"];
  #chars: number | undefined;

  constructor(known: InputMemory["steps"]) {
    this.#known = known;
  }

  /**
   * Adds the outcome of a step that is about to be recorded.
   *
   * @throws {RangeError} when the outcomes exceed the maximum; the outcome then is not counted
   */
  add(name: string, outcome: StepOutcome): void {
    const before = this.#chars ?? lengthOf(Object.values(this.#known));
    const chars = lengthOf([outcome]);
    if (before + chars > maxOutcomeChars) {
      throw new RangeError(
        `step "${name}": expected outcomes of at most ${maxOutcomeChars} characters as JSON in all ` +
          `steps of a task, got ${chars} after ${before}; keep large values elsewhere, and return a reference`,
      );
    }
    this.#chars = before + chars;
  }
}

function lengthOf(outcomes: readonly StepOutcome[]): number {
  return outcomes.reduce((sum, outcome) => sum + JSON.stringify(outcome).length, 0);
}

/**
 * Counts and durations over a sliding window, in steps of equal length. Durations are counted in
 * buckets, so that the window takes the same memory for any number of exchanges.
 */

import type { Load, LoadStep } from "@lutra/console";

/** Length of a step, in milliseconds. */
export const stepMs = 5000;
/** Number of steps that are kept: 10 minutes. */
export const stepCount = 120;
/** Number of steps that make up the current load: the last minute. */
const currentSteps = 12;

/** Four buckets for each doubling from 0.1 ms, so that a percentile is off by at most 19 %. */
const bucketsPerDoubling = 4;
const leastMs = 0.1;
const bucketCount = 84;

interface Step {
  /** Number of the step since 1970. */
  number: number;
  exchanges: number;
  errors: number;
  readonly buckets: Uint32Array;
}

export class LoadWindow {
  readonly #now: () => number;
  /** The step with the number `n` is at `n % stepCount`. */
  readonly #steps: (Step | undefined)[] = [];
  readonly #startedAt: number;

  /** @param now The time in milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#startedAt = now();
  }

  observe(ms: number, isError: boolean): void {
    const step = this.#current();
    step.exchanges += 1;
    if (isError) step.errors += 1;
    const bucket = bucketOf(ms);
    step.buckets[bucket] = (step.buckets[bucket] ?? 0) + 1;
  }

  /** Returns the load of the last minute, or since the start if that is shorter. */
  load(): Load {
    const now = this.#now();
    const first = Math.floor(now / stepMs) - currentSteps + 1;
    const sum = sumOf(this.#steps.filter((step) => step !== undefined && step.number >= first));
    const coveredMs = Math.max(1000, now - Math.max(first * stepMs, this.#startedAt));
    const { exchanges, errors, buckets } = sum;
    return {
      perSecond: (1000 * exchanges) / coveredMs,
      errorShare: exchanges === 0 ? 0 : errors / exchanges,
      exchanges,
      errors,
      p50: percentile(buckets, exchanges, 0.5),
      p95: percentile(buckets, exchanges, 0.95),
      p99: percentile(buckets, exchanges, 0.99),
    };
  }

  /** Returns all steps of the window, the oldest first. The last one is not complete. */
  series(): readonly LoadStep[] {
    const last = Math.floor(this.#now() / stepMs);
    return Array.from({ length: stepCount }, (_none, index) => {
      const number = last - stepCount + 1 + index;
      const at = number * stepMs;
      const step = this.#steps[number % stepCount];
      if (step?.number !== number) return { at, exchanges: 0, errors: 0 };
      const { exchanges, errors, buckets } = step;
      const p50 = percentile(buckets, exchanges, 0.5);
      return { at, exchanges, errors, p50, p95: percentile(buckets, exchanges, 0.95) };
    });
  }

  #current(): Step {
    const number = Math.floor(this.#now() / stepMs);
    const found = this.#steps[number % stepCount];
    if (found?.number === number) return found;
    const step = found ?? {
      number,
      exchanges: 0,
      errors: 0,
      buckets: new Uint32Array(bucketCount),
    };
    Object.assign(step, { number, exchanges: 0, errors: 0 });
    step.buckets.fill(0);
    this.#steps[number % stepCount] = step;
    return step;
  }
}

function bucketOf(ms: number): number {
  if (ms <= leastMs) return 0;
  const bucket = Math.ceil(Math.log2(ms / leastMs) * bucketsPerDoubling);
  return Math.min(bucket, bucketCount - 1);
}

/** Returns the upper bound of a bucket, in milliseconds. */
function boundOf(bucket: number): number {
  return leastMs * 2 ** (bucket / bucketsPerDoubling);
}

function sumOf(steps: readonly (Step | undefined)[]): Omit<Step, "number"> {
  const sum = { exchanges: 0, errors: 0, buckets: new Uint32Array(bucketCount) };
  for (const step of steps) {
    if (step === undefined) continue;
    sum.exchanges += step.exchanges;
    sum.errors += step.errors;
    for (const [bucket, count] of step.buckets.entries()) {
      sum.buckets[bucket] = (sum.buckets[bucket] ?? 0) + count;
    }
  }
  return sum;
}

/** Returns the duration that a share of the exchanges did not exceed, interpolated in its bucket. */
function percentile(buckets: Uint32Array, total: number, share: number): number | undefined {
  if (total === 0) return undefined;
  let rest = share * total;
  for (const [bucket, count] of buckets.entries()) {
    if (count > 0 && rest <= count) {
      const low = bucket === 0 ? 0 : boundOf(bucket - 1);
      return low + (boundOf(bucket) - low) * (rest / count);
    }
    rest -= count;
  }
  return boundOf(bucketCount - 1);
}

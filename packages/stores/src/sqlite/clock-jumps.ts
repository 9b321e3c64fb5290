/** Jumps of the clock, and pauses of the process, such as the sleep of a laptop. */

/** Deviation from the monotonic clock that counts as a jump, in milliseconds. */
const toleranceMs = 1000;

export interface ClockJumpsOptions {
  readonly now: () => number;
  /** Maximum time between two calls of `check`; after more, the process was paused. */
  readonly maxGapMs: number;
  /** A clock that does not jump, in milliseconds. @default performance.now */
  readonly monotonic?: () => number;
}

export class ClockJumps {
  readonly #options: Required<ClockJumpsOptions>;
  #last: { readonly time: number; readonly offset: number } | undefined;
  #jumpedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ClockJumpsOptions) {
    this.#options = { monotonic: () => performance.now(), ...options };
  }

  /** Returns true when the clock was set back since the last call. */
  check(): boolean {
    const { now, maxGapMs, monotonic } = this.#options;
    const time = monotonic();
    const offset = now() - time;
    const last = this.#last ?? { time, offset };
    this.#last = { time, offset };
    const jumpMs = offset - last.offset;
    if (Math.abs(jumpMs) > toleranceMs || time - last.time > maxGapMs) this.restart();
    return jumpMs < -toleranceMs;
  }

  /** Treats the present as the time of a jump. */
  restart(): void {
    this.#jumpedAt = this.#options.monotonic();
  }

  /** True when the last jump or pause is at least so long ago. */
  isSteadyFor(ms: number): boolean {
    return this.#options.monotonic() - this.#jumpedAt >= ms;
  }
}

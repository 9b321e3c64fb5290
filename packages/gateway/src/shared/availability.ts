/** Decides whether the shared stores are used, or what replaces them while they are unavailable. */
export interface Availability {
  /**
   * Runs `work` on the shared stores. After a failure, `fallback` replaces it, also for later calls,
   * until one of them succeeds again: one call each second tries it.
   */
  readonly run: <T>(work: () => T | Promise<T>, fallback: () => T | Promise<T>) => Promise<T>;
}

export interface AvailabilityOptions {
  /** Called when the stores have failed, with the reason, and when they work again. */
  readonly onChange: (isAvailable: boolean, reason?: unknown) => void;
  /** The steady clock, in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** Time after a failure in which the stores are not tried again, in milliseconds. */
const pauseMs = 1000;
/** Time that one try may take before another call tries as well, in milliseconds. */
const maxTryMs = 5000;

export function createAvailability(options: AvailabilityOptions): Availability {
  const { onChange, now = () => performance.now() } = options;
  let isAvailable = true;
  let triedAt = Number.NEGATIVE_INFINITY;

  return {
    run: async (work, fallback) => {
      if (!isAvailable && now() - triedAt < pauseMs) return fallback();
      // Calls that arrive while this one tries do not wait for it.
      if (!isAvailable) triedAt = now() + maxTryMs;
      try {
        const value = await work();
        if (!isAvailable) {
          isAvailable = true;
          onChange(true);
        }
        return value;
      } catch (error) {
        triedAt = now();
        if (isAvailable) {
          isAvailable = false;
          onChange(false, error);
        }
        return fallback();
      }
    },
  };
}

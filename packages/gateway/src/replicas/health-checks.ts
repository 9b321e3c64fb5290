/** Checks periodically that a replica answers. */
import type { UpstreamConfig } from "../config/schema.ts";
import { causeOf, isShortage } from "./cause.ts";
import type { Clock } from "./clock.ts";
import type { Replica } from "./replica.ts";

/** Resolves when the replica answers. Rejects when it does not, or when the signal aborts. */
export type SendCheck = (replica: Replica, signal: AbortSignal) => Promise<void>;

export interface HealthChecksOptions {
  readonly config: Pick<UpstreamConfig["health"], "intervalMs" | "timeoutMs">;
  readonly clock: Clock;
  readonly sendCheck: SendCheck;
}

export interface HealthChecks {
  /** Reschedules the next check, because the state of the replica has changed. */
  readonly reschedule: () => void;
  readonly stop: () => void;
}

/** Maximum interval until the first answer, in milliseconds. Most replicas start quickly. */
const startingMs = 250;
/** Pause after a failed check of a replica that is not ejected, in milliseconds. */
const recheckMs = 50;

/**
 * Starts checking a replica. Intervals vary by up to 20 %, so that gateways do not all check at the
 * same time. An interval begins when the previous check has ended, so checks never overlap. A failed
 * check is repeated soon, so that a replica that no longer answers is ejected quickly.
 */
export function startChecks(replica: Replica, options: HealthChecksOptions): HealthChecks {
  const { config, clock, sendCheck } = options;
  const { health } = replica;
  let stopTimer = () => {};
  let abort = () => {};
  let isStopped = false;
  let isChecking = false;

  function pauseMs(): number {
    const { state } = health;
    if (state === "out") return health.untilCheckMs();
    const jittered = config.intervalMs * (0.8 + 0.4 * clock.random());
    if (state === "starting") return Math.min(startingMs, jittered);
    return health.failures > 0 ? Math.min(recheckMs, jittered) : jittered;
  }

  function schedule(ms: number): void {
    stopTimer();
    stopTimer = clock.after(ms, () => void check());
  }

  async function check(): Promise<void> {
    const controller = new AbortController();
    abort = () => controller.abort();
    let isSilent = false;
    const stopTimeout = clock.after(config.timeoutMs, () => {
      // After a pause of this process, an answer may have arrived that was not read yet.
      setImmediate(() => {
        isSilent = isChecking;
        controller.abort();
      });
    });
    const stateBefore = health.state;
    isChecking = true;
    try {
      await sendCheck(replica, controller.signal);
      // The replica may have been ejected for failures that happened after this check began.
      const isCurrent = stateBefore === "out" || health.state !== "out";
      if (!isStopped && isCurrent) health.pass();
    } catch (error) {
      if (!isStopped && !isShortage(error)) health.failCheck(causeOf(error), isSilent);
    }
    isChecking = false;
    stopTimeout();
    if (!isStopped) schedule(pauseMs());
  }

  // Scheduled, not called: `onChange` must not run before `startChecks` has returned.
  schedule(0);
  return {
    reschedule: () => {
      if (!isChecking && !isStopped) schedule(pauseMs());
    },
    stop: () => {
      isStopped = true;
      stopTimer();
      abort();
    },
  };
}

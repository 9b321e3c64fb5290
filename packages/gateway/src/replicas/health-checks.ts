/** Asks one replica again and again whether it answers. */
import type { UpstreamConfig } from "../config/schema.ts";
import { causeOf } from "./cause.ts";
import type { Clock } from "./clock.ts";
import type { Replica } from "./replica.ts";

/** Resolves when the replica answers, and rejects when it does not, at the latest on abort. */
export type SendCheck = (replica: Replica, signal: AbortSignal) => Promise<void>;

export interface HealthChecksOptions {
  readonly config: Pick<UpstreamConfig["health"], "intervalMs" | "timeoutMs">;
  readonly clock: Clock;
  readonly sendCheck: SendCheck;
}

export interface HealthChecks {
  /** Says that the state of the replica has changed, and with it when to ask next. */
  readonly replan: () => void;
  readonly stop: () => void;
}

/** A replica that has not answered yet is most often about to, so it is asked more often. */
const startingMs = 250;

/**
 * Checks at once, then with pauses that vary by a fifth, so that gateways do not all ask at the
 * same time. The next check begins a pause after the last one has ended; they never overlap.
 */
export function startChecks(replica: Replica, options: HealthChecksOptions): HealthChecks {
  const { config, clock, sendCheck } = options;
  const { health } = replica;
  let stopTimer = () => {};
  let abort = () => {};
  let isStopped = false;
  let isAsking = false;

  function pauseMs(): number {
    const { state } = health;
    if (state === "out") return health.untilCheckMs();
    const jittered = config.intervalMs * (0.8 + 0.4 * clock.random());
    return state === "starting" ? Math.min(startingMs, jittered) : jittered;
  }

  function plan(ms: number): void {
    stopTimer();
    stopTimer = clock.after(ms, () => void check());
  }

  async function check(): Promise<void> {
    const controller = new AbortController();
    abort = () => controller.abort();
    const stopTimeout = clock.after(config.timeoutMs, abort);
    const stateBefore = health.state;
    isAsking = true;
    try {
      await sendCheck(replica, controller.signal);
      // An answer from before the replica was taken out says nothing about what came after.
      const isCurrent = stateBefore === "out" || health.state !== "out";
      if (!isStopped && isCurrent) health.pass();
    } catch (error) {
      if (!isStopped) health.failCheck(causeOf(error));
    }
    isAsking = false;
    stopTimeout();
    if (!isStopped) plan(pauseMs());
  }

  // Whoever adds a replica is not to be called back before it has returned.
  plan(0);
  return {
    replan: () => {
      if (!isAsking && !isStopped) plan(pauseMs());
    },
    stop: () => {
      isStopped = true;
      stopTimer();
      abort();
    },
  };
}

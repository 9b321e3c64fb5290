/**
 * The health of a replica. Consecutive failures of checks or requests eject it. It returns after a
 * successful check, with a share of the requests that grows.
 */
import type { UpstreamConfig } from "../config/schema.ts";

type HealthConfig = UpstreamConfig["health"];

export type HealthState = "starting" | "up" | "warming" | "out";

export interface ReplicaHealthOptions {
  readonly config: Pick<HealthConfig, "failures" | "ejectMs" | "maxEjectMs" | "slowStartMs">;
  readonly now: () => number;
  /** Called when the replica is ejected, or returns. */
  readonly onChange: () => void;
  /**
   * Called when a check that got no answer has ejected the replica, and, with true, when a further
   * one confirms that it does not answer.
   */
  readonly onSilent?: ((isConfirmed: boolean) => void) | undefined;
}

/** The share of a replica that has just returned: enough to warm its caches. */
const firstShare = 0.1;

export class ReplicaHealth {
  /** Number of consecutive failures. */
  failures = 0;
  lastError: string | undefined;
  readonly #options: ReplicaHealthOptions;
  #state: HealthState = "starting";
  #since: number;
  /** Duration of the next ejection, in milliseconds. */
  #ejectMs: number;

  constructor(options: ReplicaHealthOptions) {
    this.#options = options;
    this.#since = options.now();
    this.#ejectMs = options.config.ejectMs;
  }

  get state(): HealthState {
    const { config, now } = this.#options;
    if (this.#state === "warming" && now() - this.#since >= config.slowStartMs) {
      this.#state = "up";
    }
    return this.#state;
  }

  /** Returns its part of a full share: above 0, up to 1. */
  share(): number {
    if (this.#state !== "warming") return 1;
    if (this.state === "up") return 1;
    const { config, now } = this.#options;
    return Math.max(firstShare, (now() - this.#since) / config.slowStartMs);
  }

  /** Returns the rest of the ejection, after which it is checked again, in milliseconds. */
  untilCheckMs(): number {
    return this.#state === "out" ? Math.max(0, this.#since - this.#options.now()) : 0;
  }

  /** Records an answer to a request. An ejected replica returns only after a check. */
  succeed(): void {
    if (this.#state === "out") return;
    this.failures = 0;
    if (this.#state === "starting") this.#enter();
  }

  /** Records a successful check. */
  pass(): void {
    this.failures = 0;
    if (this.#state === "starting" || this.#state === "out") this.#enter();
  }

  /** Records a request that failed by the fault of the replica. */
  fail(error: string): void {
    const { config, now } = this.#options;
    this.failures += 1;
    this.lastError = error;
    if (this.#state === "out" || this.failures < config.failures) return;
    // A replica that was up for longer than its next ejection starts with the shortest one.
    if (now() - this.#since > this.#ejectMs) this.#ejectMs = config.ejectMs;
    this.#eject();
  }

  /**
   * Records a failed check, which prolongs an ejection to twice its duration. `isSilent` is true if
   * the replica did not answer in time, and false if it refused the connection or answered.
   */
  failCheck(error: string, isSilent = false): void {
    const wasOut = this.#state === "out";
    this.fail(error);
    if (wasOut) this.#eject();
    if (isSilent && this.#state === "out") this.#options.onSilent?.(wasOut);
  }

  #eject(): void {
    const { config, now, onChange } = this.#options;
    this.#state = "out";
    this.#since = now() + this.#ejectMs;
    this.#ejectMs = Math.min(this.#ejectMs * 2, config.maxEjectMs);
    onChange();
  }

  /** Enters with a full share the first time, because usually all replicas start together. */
  #enter(): void {
    const { config, now, onChange } = this.#options;
    const isReturning = this.#state === "out";
    this.#state = isReturning && config.slowStartMs > 0 ? "warming" : "up";
    this.#since = now();
    onChange();
  }
}

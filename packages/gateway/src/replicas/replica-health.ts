/**
 * When a replica gets requests. It is taken out after failures in a row, of checks or of requests,
 * and comes back only after a good check, then with a share that grows.
 */
import type { UpstreamConfig } from "../config/schema.ts";

export type HealthConfig = UpstreamConfig["health"];

export type HealthState = "starting" | "up" | "warming" | "out";

export interface ReplicaHealthOptions {
  readonly config: Pick<HealthConfig, "failures" | "ejectMs" | "maxEjectMs" | "slowStartMs">;
  readonly now: () => number;
  /** Hears when requests should go elsewhere, or may come back. */
  readonly onChange: () => void;
}

/** The share that a replica starts with: enough to warm it, too little to drown it. */
const firstShare = 0.1;

export class ReplicaHealth {
  /** Failures in a row. */
  failures = 0;
  lastError: string | undefined;
  readonly #options: ReplicaHealthOptions;
  #state: HealthState = "starting";
  #since: number;
  /** How long it stays out the next time. */
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

  /** How much of a full share it gets, above 0 and up to 1. */
  share(): number {
    if (this.#state !== "warming") return 1;
    if (this.state === "up") return 1;
    const { config, now } = this.#options;
    return Math.max(firstShare, (now() - this.#since) / config.slowStartMs);
  }

  /** How long it is to be left alone before a check may bring it back, in milliseconds. */
  untilCheckMs(): number {
    return this.#state === "out" ? Math.max(0, this.#since - this.#options.now()) : 0;
  }

  /** An answer to a request. It does not bring back what is out: a check must do that. */
  succeed(): void {
    if (this.#state === "out") return;
    this.failures = 0;
    if (this.#state === "starting") this.#enter();
  }

  /** An answer to a check. */
  pass(): void {
    this.failures = 0;
    if (this.#state === "starting" || this.#state === "out") this.#enter();
  }

  /** A request that failed through the replica's fault, or a check that did. */
  fail(error: string): void {
    const { config, now } = this.#options;
    this.failures += 1;
    this.lastError = error;
    if (this.#state === "out" || this.failures < config.failures) return;
    // Who has been in for longer than it would now stay out starts with a clean record.
    if (now() - this.#since > this.#ejectMs) this.#ejectMs = config.ejectMs;
    this.#eject();
  }

  /** A check that failed: what is out stays out for twice as long as before. */
  failCheck(error: string): void {
    const wasOut = this.#state === "out";
    this.fail(error);
    if (wasOut) this.#eject();
  }

  #eject(): void {
    const { config, now, onChange } = this.#options;
    this.#state = "out";
    this.#since = now() + this.#ejectMs;
    this.#ejectMs = Math.min(this.#ejectMs * 2, config.maxEjectMs);
    onChange();
  }

  /** One that comes for the first time gets its full share at once: most often all come together. */
  #enter(): void {
    const { config, now, onChange } = this.#options;
    const isBack = this.#state === "out";
    this.#state = isBack && config.slowStartMs > 0 ? "warming" : "up";
    this.#since = now();
    onChange();
  }
}

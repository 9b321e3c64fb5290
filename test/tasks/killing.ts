/** Kills random replicas at an even pace, even while others are restarting. */
import { setTimeout as delay } from "node:timers/promises";
import type { StoreReplica } from "./store-replicas.ts";

export interface Kill {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly pid: number;
}

export interface Kills {
  readonly kills: readonly Kill[];
  /** Number of delayed kills, because only one replica was alive. */
  readonly waits: number;
}

export interface KillingOptions {
  readonly killEveryMs: number;
  /** Minimum number of kills. */
  readonly minKills?: number | undefined;
  /** Maximum number of kills. */
  readonly maxKills?: number | undefined;
  /** Waits until the next kill, or until the signal aborts. @default a timer */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export type Victim = Pick<StoreReplica, "pid" | "killAndRestart">;

export class Killing {
  readonly #replicas: readonly Victim[];
  readonly #options: KillingOptions;
  readonly #end = new AbortController();
  readonly #kills: Kill[] = [];
  readonly #restarts = new Set<Promise<void>>();
  readonly #work: Promise<void>;
  #waits = 0;

  constructor(replicas: readonly Victim[], options: KillingOptions) {
    this.#replicas = replicas;
    this.#options = options;
    this.#work = this.#run();
    // The caller of `stop` receives the error of a failed restart.
    this.#work.catch(() => {});
  }

  /** Stops killing. Resolves when all killed replicas have restarted. */
  async end(): Promise<Kills> {
    this.#end.abort();
    await this.#work;
    return { kills: this.#kills, waits: this.#waits };
  }

  async #run(): Promise<void> {
    const { killEveryMs, pause = timer } = this.#options;
    let nextAt = performance.now() + killEveryMs;
    while (this.#goesOn()) {
      await pause(nextAt - performance.now(), this.#end.signal);
      if (!this.#goesOn()) break;
      if (await this.#waitForTwo()) nextAt = performance.now();
      nextAt += killEveryMs;
      const living = this.#living();
      this.#kill(living[Math.floor(Math.random() * living.length)] as Victim);
    }
    await Promise.all(this.#restarts);
  }

  #goesOn(): boolean {
    const { minKills = 1, maxKills = Number.POSITIVE_INFINITY } = this.#options;
    const enough = this.#end.signal.aborted ? minKills : maxKills;
    return this.#kills.length < enough;
  }

  #living(): readonly Victim[] {
    return this.#replicas.filter((replica) => replica.pid() !== undefined);
  }

  /** Waits until more than one replica is alive. Resolves to true when that delayed the kill. */
  async #waitForTwo(): Promise<boolean> {
    if (this.#living().length >= 2) return false;
    this.#waits += 1;
    while (this.#living().length < 2) await Promise.race(this.#restarts);
    return true;
  }

  #kill(victim: Victim): void {
    this.#kills.push({ at: Date.now(), pid: victim.pid() as number });
    const restart = victim.killAndRestart().finally(() => this.#restarts.delete(restart));
    this.#restarts.add(restart);
    restart.catch(() => {});
  }
}

async function timer(ms: number, signal: AbortSignal): Promise<void> {
  // time: the pace of kills
  await delay(ms, undefined, signal.aborted ? {} : { signal }).catch(() => {});
}

/** Kills random replicas at an even pace, whether the last ones are back or not. */
import { setTimeout as delay } from "node:timers/promises";
import type { StoreReplica } from "./store-replicas.ts";

export interface Kill {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly pid: number;
}

export interface Kills {
  readonly kills: readonly Kill[];
  /** How many of them came late, because only one replica was alive. */
  readonly waits: number;
}

export interface KillingOptions {
  readonly killEveryMs: number;
  /** How many kills there are at least, however soon it ends. */
  readonly minKills?: number | undefined;
  /** How many kills there are at most, however long it goes on. */
  readonly maxKills?: number | undefined;
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
    // Whoever ends it hears why a replica did not come back.
    this.#work.catch(() => {});
  }

  /** Kills no more; resolves once all that were killed have successors. */
  async end(): Promise<Kills> {
    this.#end.abort();
    await this.#work;
    return { kills: this.#kills, waits: this.#waits };
  }

  async #run(): Promise<void> {
    const { killEveryMs } = this.#options;
    let nextAt = performance.now() + killEveryMs;
    while (this.#goesOn()) {
      await this.#pause(nextAt - performance.now());
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

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#end;
    await delay(ms, undefined, signal.aborted ? {} : { signal }).catch(() => {});
  }

  #living(): readonly Victim[] {
    return this.#replicas.filter((replica) => replica.pid() !== undefined);
  }

  /** One always stays alive. Resolves to true where that made the kill late. */
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

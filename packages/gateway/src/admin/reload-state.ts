/** The state of the configuration, and the version of the gateway, as metrics. */
import { Counter, Gauge, type Registry } from "prom-client";
import { version } from "../own-version.ts";

/** The results of reloads. */
export class ReloadState {
  #succeeded = 0;
  #failed = 0;
  #isLastGood = true;
  #loadedAt = Date.now();

  /** Counts a reload that was applied or refused. */
  observe(isApplied: boolean): void {
    this.#isLastGood = isApplied;
    if (isApplied) this.#succeeded += 1;
    else this.#failed += 1;
    if (isApplied) this.#loadedAt = Date.now();
  }

  register(registers: Registry[]): void {
    const counts = () => ({ applied: this.#succeeded, refused: this.#failed });
    // Several processes have one configuration, and their supervisor counts.
    const aggregator = "omit";
    new Counter({
      aggregator,
      name: "lutra_gateway_reloads_total",
      help: "Reloads of the configuration, by outcome",
      labelNames: ["outcome"] as const,
      registers,
      collect() {
        this.reset();
        for (const [outcome, count] of Object.entries(counts())) this.inc({ outcome }, count);
      },
    });
    const isLastGood = () => Number(this.#isLastGood);
    new Gauge({
      aggregator,
      name: "lutra_gateway_last_reload_successful",
      help: "1 if the last reload was applied or there was none, otherwise 0",
      registers,
      collect() {
        this.set(isLastGood());
      },
    });
    const loadedAt = () => this.#loadedAt / 1000;
    new Gauge({
      aggregator,
      name: "lutra_gateway_config_timestamp_seconds",
      help: "The time at which the current configuration was applied, in seconds since 1970",
      registers,
      collect() {
        this.set(loadedAt());
      },
    });
    const build = new Gauge({
      aggregator,
      name: "lutra_gateway_build_info",
      help: "The version of the gateway and of Node; the value is 1",
      labelNames: ["version", "node"] as const,
      registers,
    });
    build.set({ version, node: process.version }, 1);
  }
}

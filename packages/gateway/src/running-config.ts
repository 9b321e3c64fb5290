/** The current configuration, with its resources and the settings of its endpoints. */
import type { ResponseCaching } from "./cache/response-caching.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import { settingsToRestart } from "./config/diff.ts";
import type { ParsedConfig } from "./config/parse-config.ts";
import type { UpstreamConfig } from "./config/schema.ts";
import {
  type ConfigResources,
  forgetResponses,
  newUpstreams,
  openResources,
} from "./config-resources.ts";
import type { ResponseBudget } from "./delivery/response-budget.ts";
import { createEndpoints } from "./endpoint-settings.ts";
import type { EndpointTable } from "./endpoint-table.ts";
import type { RequestHandler } from "./handler.ts";
import { noHead } from "./head/head.ts";
import { type ConfigOptions, createLastingParts, type LastingParts } from "./lasting-parts.ts";
import type { LimitUseStats } from "./limits/limit-use.ts";
import { spaceOf } from "./shared/open-shared.ts";
import type { Upstream, UpstreamStatus } from "./upstreams/upstream.ts";

export interface RunningConfigOptions extends ConfigOptions {
  /** Receives the settings of each configuration that is applied. */
  readonly handler: Pick<RequestHandler, "use">;
}

export class RunningConfig {
  readonly #options: RunningConfigOptions;
  readonly #lasting: LastingParts;
  #parsed: ParsedConfig;
  #resources: ConfigResources | undefined;
  #endpoints: EndpointTable | undefined;
  #generation = 0;
  /** The part of the shared cache that belongs to the current configuration. */
  #space = "";
  #phase: "open" | "draining" | "closed" = "open";
  /** Settles once the last call of `replace` has ended. */
  #replaced: Promise<void> = Promise.resolve();

  constructor(parsed: ParsedConfig, options: RunningConfigOptions) {
    this.#options = options;
    this.#parsed = parsed;
    this.#lasting = createLastingParts(options, {
      config: () => this.config,
      identify: async (token) => {
        const header = (name: string) => (name === "authorization" ? `Bearer ${token}` : undefined);
        return this.#endpoints?.main?.callers?.identify(header, noHead);
      },
      // An upstream gets requests of all endpoints, so the strictest one decides.
      passesCredentials: () =>
        this.#endpoints?.all.every((one) => one.callers?.forwardsCredentials ?? true) ?? true,
      space: () => this.#space,
    });
  }

  get parsed(): ParsedConfig {
    return this.#parsed;
  }

  get config(): CompleteConfig {
    return this.#parsed.config;
  }

  get upstreams(): readonly Upstream[] {
    return [...(this.#resources?.upstreams.values() ?? [])];
  }

  get caching(): ResponseCaching | undefined {
    return this.#resources?.caching;
  }

  /** The memory for responses. */
  get responses(): Pick<ResponseBudget, "inUse" | "waiting" | "refused"> {
    return this.#lasting.responses;
  }

  /** Returns the use of each limit, in the order of the configuration. */
  limitUses(): readonly LimitUseStats[] {
    return (this.#resources?.limits.uses ?? []).map((use) => use.stats());
  }

  get isDraining(): boolean {
    return this.#phase !== "open";
  }

  statuses(): readonly UpstreamStatus[] {
    return this.upstreams.map((upstream) => upstream.status());
  }

  /**
   * Takes a replica out of service, or returns it. Returns false if there is none of the name, or its
   * upstream is a single process.
   */
  setDrained(upstream: string, replica: string, isDrained: boolean): boolean {
    const found = this.#resources?.upstreams.get(upstream);
    return found?.setDrained?.(replica, isDrained) ?? false;
  }

  /** Returns true if the replicas of an upstream can be taken out of service. */
  canDrain(upstream: string): boolean {
    return this.#resources?.upstreams.get(upstream)?.setDrained !== undefined;
  }

  /**
   * Opens the upstreams of the first configuration and applies it.
   *
   * @throws {TypeError} for an upstream that this program cannot run
   */
  start(): void {
    const resources = openResources(this.#parsed, this.#lasting);
    void this.#putInForce(this.#parsed, resources);
  }

  /**
   * Applies another configuration once its new upstreams answer or have timed out. Requests in
   * flight finish with the old configuration, for which its upstreams stay open up to `drainMs`. If
   * it rejects, nothing has changed. Calls are carried out one after the other.
   *
   * @throws {TypeError} for a change of sockets or of the log, and for an upstream that this program
   *   cannot run
   */
  replace(next: ParsedConfig): Promise<void> {
    const applied = this.#replaced.then(() => this.#replaceNow(next));
    this.#replaced = applied.catch(() => {});
    return applied;
  }

  async #replaceNow(next: ParsedConfig): Promise<void> {
    const { config } = next;
    const needsRestart = settingsToRestart(this.#parsed, next);
    if (needsRestart.length > 0) throw new TypeError(needsRestart.join("\n"));
    const resources = openResources(next, this.#lasting, this.#resources?.set);
    const waits = [...newUpstreams(resources)].map(([name, upstream]) => {
      return upstream.ready(readyMsOf(config.upstreams[name]));
    });
    await Promise.all(waits);
    const oldTable = this.#endpoints;
    this.#generation += 1;
    const unused = this.#putInForce(next, resources);
    // No request that arrives from here on uses the old plans.
    for (const { name, plan } of oldTable?.all ?? []) {
      void plan.close(this.#endpoints?.named(name)?.plan);
    }
    forgetResponses(resources);
    void resources.set.releaseBefore({ unused, graceMs: config.drainMs });
  }

  /** Reports from now on that the gateway is closing. Requests are still served. */
  announceClose(): void {
    if (this.#phase === "open") this.#phase = "draining";
  }

  /** Ends subscriptions with their result. Other requests continue. */
  async drain(): Promise<void> {
    this.announceClose();
    await Promise.all(this.#endpoints?.all.map(({ plan }) => plan.close()) ?? []);
    for (const upstream of this.upstreams) upstream.drain?.();
  }

  /**
   * Resolves once no call waits for input that arrives at another gateway, or after a time, in
   * milliseconds.
   */
  async untilReleased(ms: number): Promise<void> {
    await this.#lasting.parking.relay?.untilReleased(ms);
  }

  /** Releases all resources. Subscriptions and requests must have ended. */
  async close(): Promise<void> {
    this.#phase = "closed";
    await this.drain();
    await this.#resources?.set.close();
    this.#lasting.parking.relay?.close();
  }

  /** Resolves once all exchanges that began under the configuration before have ended. */
  #putInForce(parsed: ParsedConfig, resources: ConfigResources): Promise<void> {
    try {
      if (this.#phase === "closed") throw new TypeError("the gateway is closed");
      const table = this.#endpoints;
      const endpoints = createEndpoints({
        parsed,
        resources,
        lasting: this.#lasting,
        generation: this.#generation,
        before: table && { config: this.config, table },
        current: () => this.#endpoints,
      });
      this.#parsed = parsed;
      this.#lasting.responses.configure(parsed.config.responses);
      if (this.#options.sharing) this.#space = spaceOf(parsed.config);
      this.#resources = resources;
      this.#endpoints = endpoints;
      return this.#options.handler.use(endpoints);
    } catch (error) {
      void resources.set.discard();
      throw error;
    }
  }
}

/**
 * Returns the maximum time that an upstream may take to become ready, in milliseconds. Modules get
 * longer because the gateway starts them; other servers are expected to run already.
 */
export function readyMsOf(config: UpstreamConfig | undefined): number {
  return config?.module === undefined ? 5000 : 120_000;
}

/** The current configuration, with its upstreams, cache, limits and routing plan. */
import { isDeepStrictEqual } from "node:util";
import { createNodeEndpoint, httpRules } from "lutra/internal";
import { coreMethods, type Middleware } from "lutra/protocol";
import { randomKeys, type SealKey } from "lutra/server";
import { createResponseCaching, type ResponseCaching } from "./cache/response-caching.ts";
import { type Callers, createCallers } from "./callers.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import { diffConfig } from "./config/diff.ts";
import type { ParsedConfig } from "./config/parse-config.ts";
import type { UpstreamConfig } from "./config/schema.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import type { HandlerSettings, RequestHandler } from "./handler.ts";
import { createPeers } from "./head/peers.ts";
import { createLimits } from "./limits/limits.ts";
import { createRoutingPlan, type RoutingPlan } from "./routing-plan.ts";
import { createUpstream } from "./upstreams/create-upstream.ts";
import type { Upstream, UpstreamStatus } from "./upstreams/upstream.ts";

export interface RunningConfigOptions
  extends Pick<
    GatewayOptions,
    "modules" | "methods" | "authenticate" | "anonymous" | "forwardCredentials"
  > {
  readonly notice: (line: string) => void;
  /** Receives the settings of each configuration that is applied. */
  readonly handler: Pick<RequestHandler, "use">;
}

/** The resources of a configuration. The next configuration takes over the unchanged ones. */
interface ConfigResources {
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly caching: ResponseCaching | undefined;
  readonly limits: Middleware | undefined;
}

const noResources: ConfigResources = {
  upstreams: new Map(),
  caching: undefined,
  limits: undefined,
};

export class RunningConfig {
  readonly #options: RunningConfigOptions;
  /** The keys for a configuration without keys; no other process can open what they seal. */
  readonly #ownKeys: readonly SealKey[] = randomKeys();
  #parsed: ParsedConfig;
  #resources = noResources;
  #plan: RoutingPlan | undefined;
  #callers: Callers | undefined;
  #generation = 0;
  #phase: "open" | "draining" | "closed" = "open";

  constructor(parsed: ParsedConfig, options: RunningConfigOptions) {
    this.#options = options;
    this.#parsed = parsed;
  }

  get parsed(): ParsedConfig {
    return this.#parsed;
  }

  get config(): CompleteConfig {
    return this.#parsed.config;
  }

  get upstreams(): readonly Upstream[] {
    return [...this.#resources.upstreams.values()];
  }

  get caching(): ResponseCaching | undefined {
    return this.#resources.caching;
  }

  get isDraining(): boolean {
    return this.#phase !== "open";
  }

  statuses(): readonly UpstreamStatus[] {
    return this.upstreams.map((upstream) => upstream.status());
  }

  /**
   * Opens the upstreams of the first configuration and applies it.
   *
   * @throws {TypeError} for an upstream that this program cannot run
   */
  start(): void {
    const { config } = this;
    const upstreams = this.#open(Object.keys(config.upstreams), config);
    closingOnFailure(upstreams, () => {
      const caching = this.#createCaching(config);
      this.#putInForce(this.#parsed, { upstreams, caching, limits: this.#createLimits(config) });
    });
  }

  /**
   * Applies another configuration once its new upstreams answer or have timed out. Requests in
   * flight finish with the old configuration. If it rejects, nothing has changed.
   *
   * @throws {TypeError} for a change of sockets or of the log, and for an upstream that this program
   *   cannot run
   */
  async replace(next: ParsedConfig): Promise<void> {
    const { config } = next;
    const { added, gone, changed, needsRestart } = diffConfig(this.config, config);
    if (needsRestart.length > 0) throw new TypeError(needsRestart.join("\n"));
    const opened = this.#open([...added, ...changed], config);
    const waits = [...opened].map(([name, upstream]) => {
      return upstream.ready(readyMsOf(config.upstreams[name]));
    });
    await Promise.all(waits);
    const [before, oldPlan] = [this.#resources, this.#plan];
    this.#generation += 1;
    closingOnFailure(opened, () => {
      if (this.#phase === "closed") throw new TypeError("the gateway is closed");
      this.#putInForce(next, this.#resourcesOf(config, opened));
    });
    // No request uses the old plan from here on.
    void oldPlan?.close();
    if (before.caching !== this.caching) before.caching?.close();
    else for (const name of changed) this.#forgetResponses(name);
    for (const name of [...gone, ...changed]) this.#close(before.upstreams.get(name), config);
  }

  /** Ends subscriptions with their result. Other requests continue. */
  async drain(): Promise<void> {
    if (this.#phase === "open") this.#phase = "draining";
    await this.#plan?.close();
    for (const upstream of this.upstreams) upstream.drain?.();
  }

  /** Releases all resources. Subscriptions and requests must have ended. */
  async close(): Promise<void> {
    this.#phase = "closed";
    await this.drain();
    this.caching?.close();
    await Promise.all(this.upstreams.map((upstream) => upstream.close(0)));
  }

  #putInForce(parsed: ParsedConfig, resources: ConfigResources): void {
    const { config } = parsed;
    const onError = (error: unknown) => this.#report(error);
    const listening = this.#listening(config, onError);
    const callers = createCallers(parsed, this.#options, onError);
    const plan = createRoutingPlan({
      ...resources,
      config,
      methods: this.#options.methods ?? [],
      keys: this.#keysOf(config),
      generation: this.#generation,
      onWarning: this.#warn,
    });
    this.#parsed = parsed;
    this.#resources = resources;
    this.#plan = plan;
    this.#callers = callers;
    this.#options.handler.use({ ...listening, callers, plan });
  }

  #listening(
    { listen }: CompleteConfig,
    onError: (error: unknown) => void,
  ): Pick<HandlerSettings, "endpoint" | "peers"> {
    const { allowedHosts, allowedOrigins, maxBodyBytes, trustedProxies } = listen;
    const rules = { ...(allowedHosts && { allowedHosts }), allowedOrigins, maxBodyBytes, onError };
    const endpoint = createNodeEndpoint(httpRules(rules));
    return { endpoint, peers: createPeers(trustedProxies) };
  }

  #report(error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#options.notice(`a request failed: ${reason}`);
  }

  #open(names: readonly string[], { upstreams }: CompleteConfig): Map<string, Upstream> {
    const { modules, methods = [] } = this.#options;
    const callers = { passesCredentials: () => this.#callers?.forwardsCredentials ?? true };
    const opened = new Map<string, Upstream>();
    return closingOnFailure(opened, () => {
      for (const name of names) {
        const config = upstreams[name] as UpstreamConfig;
        opened.set(name, createUpstream(name, config, { modules, methods, callers }));
      }
      return opened;
    });
  }

  /** Returns the resources of another configuration. Those that it leaves unchanged are reused. */
  #resourcesOf(config: CompleteConfig, opened: ReadonlyMap<string, Upstream>): ConfigResources {
    const before = this.config;
    const { upstreams, caching, limits } = this.#resources;
    const of = (name: string) => (opened.get(name) ?? upstreams.get(name)) as Upstream;
    const keepsCache = isDeepStrictEqual(before.cache, config.cache);
    const limiting = ({ limits: all, keys }: CompleteConfig) => [all, keys];
    // Unchanged limits keep their counts.
    const keepsLimits = isDeepStrictEqual(limiting(before), limiting(config));
    return {
      upstreams: new Map(Object.keys(config.upstreams).map((name) => [name, of(name)])),
      caching: keepsCache ? caching : this.#createCaching(config),
      limits: keepsLimits ? limits : this.#createLimits(config),
    };
  }

  #createCaching({ cache }: CompleteConfig): ResponseCaching | undefined {
    if (cache === false) return undefined;
    const methods = [...coreMethods, ...(this.#options.methods ?? [])];
    return createResponseCaching(cache, { methods, onWarning: this.#warn });
  }

  #createLimits(config: CompleteConfig): Middleware | undefined {
    if (config.limits.length === 0) return undefined;
    return createLimits(config.limits, { keys: this.#keysOf(config) });
  }

  #keysOf({ keys }: CompleteConfig): readonly SealKey[] {
    return keys ?? this.#ownKeys;
  }

  /** Drops cached responses of an upstream that is now another server. */
  #forgetResponses(name: string): void {
    for (const { name: method, cacheable } of coreMethods) {
      if (cacheable) void this.caching?.forget(name, { method });
    }
  }

  #close(upstream: Upstream | undefined, { drainMs }: CompleteConfig): void {
    upstream?.close(drainMs).catch((error: unknown) => this.#warn(upstream.name, error));
  }

  readonly #warn = (message: string, cause?: unknown): void => {
    const reason = cause instanceof Error ? `: ${cause.message}` : "";
    this.#options.notice(`${message}${reason}`);
  };
}

/**
 * Returns the maximum time that an upstream may take to become ready, in milliseconds. Modules get
 * longer because the gateway starts them; other servers are expected to run already.
 */
export function readyMsOf(config: UpstreamConfig | undefined): number {
  return config?.module === undefined ? 5000 : 120_000;
}

function closingOnFailure<T>(opened: ReadonlyMap<string, Upstream>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    for (const upstream of opened.values()) void upstream.close(0).catch(() => {});
    throw error;
  }
}

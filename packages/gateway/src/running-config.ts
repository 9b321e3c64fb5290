/** The current configuration, with its upstreams, cache, limits and routing plan. */
import { isDeepStrictEqual } from "node:util";
import { createNodeEndpoint, type HttpRules, httpRules, type NodeLegacy } from "lutra/internal";
import { coreMethods, legacyVersionsOf, type Middleware, type Principal } from "lutra/protocol";
import { randomKeys, type SealKey } from "lutra/server";
import { currentSealer } from "./bridge/current-sealer.ts";
import { createLegacyClients } from "./bridge/legacy-clients.ts";
import { ParkedRelay } from "./bridge/parked-relay.ts";
import type { Parking } from "./bridge/parking.ts";
import { createResponseCaching, type ResponseCaching } from "./cache/response-caching.ts";
import { type Callers, createCallers } from "./callers.ts";
import { upstreamTlsOf } from "./config/certificates.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import { diffConfig } from "./config/diff.ts";
import type { ParsedConfig } from "./config/parse-config.ts";
import type { UpstreamConfig } from "./config/schema.ts";
import { upstreamCredentialsOf } from "./credentials/upstream-credentials.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import { createGuard } from "./guard/create-guard.ts";
import type { HandlerSettings, RequestHandler } from "./handler.ts";
import { noHead } from "./head/head.ts";
import { createPeers } from "./head/peers.ts";
import { createLimits } from "./limits/limits.ts";
import { createRoutingPlan, type RoutingPlan } from "./routing-plan.ts";
import { type Sharing, spaceOf } from "./shared/open-shared.ts";
import { type SignInResources, SignIns } from "./sign-in/sign-in.ts";
import { withSkillRules } from "./skills/with-skill-rules.ts";
import type { StartTrace } from "./tracing/start-trace.ts";
import { tracedWait } from "./tracing/waiting.ts";
import { createUpstream } from "./upstreams/create-upstream.ts";
import type { Upstream, UpstreamStatus } from "./upstreams/upstream.ts";

export interface RunningConfigOptions
  extends Pick<
    GatewayOptions,
    "modules" | "events" | "methods" | "authenticate" | "anonymous" | "forwardCredentials"
  > {
  readonly notice: (line: string) => void;
  /** The stores that gateways share. @default each gateway has its own */
  readonly sharing?: Sharing | undefined;
  /** The parts of sign-ins that a configuration with `auth.signIn` needs. */
  readonly signIn?: SignInResources | undefined;
  /** Receives the settings of each configuration that is applied. */
  readonly handler: Pick<RequestHandler, "use">;
  /** Starts the spans of exchanges. Undefined without tracing. */
  readonly startTrace?: StartTrace | undefined;
  /** Observes the requests that are read. Undefined without the console. */
  readonly observer?: Middleware | undefined;
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
  readonly #parking: Parking;
  readonly #signIns: SignIns | undefined;
  #parsed: ParsedConfig;
  #resources = noResources;
  #plan: RoutingPlan | undefined;
  #callers: Callers | undefined;
  #legacy:
    | { readonly versions: readonly string[]; readonly clients: NodeLegacy | undefined }
    | undefined;
  #generation = 0;
  /** The part of the shared cache that belongs to the current configuration. */
  #space = "";
  #phase: "open" | "draining" | "closed" = "open";

  constructor(parsed: ParsedConfig, options: RunningConfigOptions) {
    const { events } = options;
    this.#options = options;
    this.#parsed = parsed;
    const sealer = currentSealer(() => this.#keysOf(this.config));
    this.#parking = {
      sealer,
      relay: events && new ParkedRelay(events, (error) => this.#report(error)),
    };
    this.#signIns =
      options.signIn &&
      new SignIns({
        ...options.signIn,
        sealer,
        keys: () => this.#keysOf(this.config),
        identify: async (token) => this.#identify(token),
        onWarning: (message, cause) => this.#warn(message, cause),
      });
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
   * Takes a replica out of service, or returns it. Returns false if there is none of the name, or its
   * upstream is a single process.
   */
  setDrained(upstream: string, replica: string, isDrained: boolean): boolean {
    const found = this.#resources.upstreams.get(upstream);
    return found?.setDrained?.(replica, isDrained) ?? false;
  }

  /** Returns true if the replicas of an upstream can be taken out of service. */
  canDrain(upstream: string): boolean {
    return this.#resources.upstreams.get(upstream)?.setDrained !== undefined;
  }

  /**
   * Opens the upstreams of the first configuration and applies it.
   *
   * @throws {TypeError} for an upstream that this program cannot run
   */
  start(): void {
    const { config } = this;
    const upstreams = this.#open(Object.keys(config.upstreams), this.#parsed);
    closingOnFailure(upstreams, () => {
      const caching = this.#createCaching(config);
      const limits = this.#createLimits(config);
      void this.#putInForce(this.#parsed, { upstreams, caching, limits });
    });
  }

  /**
   * Applies another configuration once its new upstreams answer or have timed out. Requests in
   * flight finish with the old configuration, for which its upstreams stay open up to `drainMs`. If
   * it rejects, nothing has changed.
   *
   * @throws {TypeError} for a change of sockets or of the log, and for an upstream that this program
   *   cannot run
   */
  async replace(next: ParsedConfig): Promise<void> {
    const { config } = next;
    const { added, gone, changed, needsRestart } = diffConfig(this.#parsed, next);
    if (needsRestart.length > 0) throw new TypeError(needsRestart.join("\n"));
    const opened = this.#open([...added, ...changed], next);
    const waits = [...opened].map(([name, upstream]) => {
      return upstream.ready(readyMsOf(config.upstreams[name]));
    });
    await Promise.all(waits);
    const [before, oldPlan] = [this.#resources, this.#plan];
    this.#generation += 1;
    const exchangesEnded = closingOnFailure(opened, () => {
      if (this.#phase === "closed") throw new TypeError("the gateway is closed");
      return this.#putInForce(next, this.#resourcesOf(config, opened));
    });
    // No request that arrives from here on uses the old plan.
    void oldPlan?.close(this.#plan);
    if (before.caching !== this.caching) before.caching?.close();
    else for (const name of changed) this.#forgetResponses(name);
    for (const name of [...gone, ...changed]) {
      void this.#retire(before.upstreams.get(name), config, exchangesEnded);
    }
  }

  /** Reports from now on that the gateway is closing. Requests are still served. */
  announceClose(): void {
    if (this.#phase === "open") this.#phase = "draining";
  }

  /** Ends subscriptions with their result. Other requests continue. */
  async drain(): Promise<void> {
    this.announceClose();
    await this.#plan?.close();
    for (const upstream of this.upstreams) upstream.drain?.();
  }

  /** Releases all resources. Subscriptions and requests must have ended. */
  async close(): Promise<void> {
    this.#phase = "closed";
    await this.drain();
    this.caching?.close();
    await Promise.all(this.upstreams.map((upstream) => upstream.close(0)));
    this.#parking.relay?.close();
  }

  /** Resolves once all exchanges that began under the configuration before have ended. */
  #putInForce(parsed: ParsedConfig, resources: ConfigResources): Promise<void> {
    const { config } = parsed;
    const onError = (error: unknown) => this.#report(error);
    const callers = createCallers(parsed, this.#options, onError);
    const listening = this.#listening(config, onError, callers?.resource);
    const guard =
      config.guard &&
      this.#traced(
        "guard",
        createGuard(config.guard, { module: parsed.guard, onWarning: this.#warn }),
      );
    const plan = createRoutingPlan({
      ...resources,
      guard,
      before: this.#keepsSubscriptions(config, resources) ? this.#plan : undefined,
      config,
      methods: this.#options.methods ?? [],
      keys: this.#keysOf(config),
      generation: this.#generation,
      onWarning: this.#warn,
    });
    this.#parsed = parsed;
    if (this.#options.sharing) this.#space = spaceOf(config);
    this.#resources = resources;
    this.#plan = plan;
    this.#callers = callers;
    const { startTrace, observer } = this.#options;
    const pages = this.#signIns?.pages(parsed);
    return this.#options.handler.use({
      ...listening,
      callers,
      plan,
      pages,
      startTrace,
      observer,
    });
  }

  #identify(token: string): Promise<Principal | undefined> | undefined {
    const header = (name: string) => (name === "authorization" ? `Bearer ${token}` : undefined);
    return this.#callers?.identify(header, noHead);
  }

  #credentialsOf(name: string, config: UpstreamConfig, parsed: ParsedConfig) {
    const { auth } = config;
    if (auth?.grant === "sign-in") {
      return this.#signIns?.credentialsFor(name, { ...config, auth }, parsed);
    }
    const { secretFiles = new Map() } = parsed;
    return upstreamCredentialsOf(name, config, { secretFiles, onWarning: this.#warn });
  }

  /** Returns the policy with spans for the time that requests wait for it, if tracing is on. */
  #traced(policy: string, middleware: Middleware): Middleware {
    return this.#options.startTrace === undefined ? middleware : tracedWait(policy, middleware);
  }

  /**
   * True if another configuration treats the requests to unchanged upstreams as the current one does.
   * The callers in other files may have changed, so their subscriptions end.
   */
  #keepsSubscriptions(next: CompleteConfig, { caching, limits }: ConfigResources): boolean {
    const { tokensFile, module } = next.auth ?? {};
    if (tokensFile !== undefined || module !== undefined) return false;
    if (caching !== this.caching || limits !== this.#resources.limits) return false;
    const policyOf = ({ name, keys, routes, auth, guard, switchedOff }: CompleteConfig) => {
      return [name, keys, routes, auth, guard, switchedOff];
    };
    return isDeepStrictEqual(policyOf(this.config), policyOf(next));
  }

  #listening(
    { listen }: CompleteConfig,
    onError: (error: unknown) => void,
    resource: HttpRules["resource"],
  ): Pick<HandlerSettings, "endpoint" | "peers"> {
    const { allowedHosts, allowedOrigins, maxBodyBytes, trustedProxies } = listen;
    const versions = legacyVersionsOf(listen.versions);
    const options = {
      ...(allowedHosts && { allowedHosts }),
      allowedOrigins,
      maxBodyBytes,
      onError,
    };
    const rules = { ...httpRules(options, "listen", versions), resource };
    const endpoint = createNodeEndpoint(rules, this.#legacyClients(versions, rules));
    return { endpoint, peers: createPeers(trustedProxies) };
  }

  /** Returns the part of the endpoint for legacy clients, which keeps their open calls over reloads. */
  #legacyClients(versions: readonly string[], rules: HttpRules): NodeLegacy | undefined {
    if (!isDeepStrictEqual(this.#legacy?.versions, versions)) {
      const [keys, plan] = [() => this.#keysOf(this.config), () => this.#plan];
      const { events } = this.#options;
      const clients = createLegacyClients({ versions, rules, keys, plan, events });
      this.#legacy = { versions, clients };
    }
    return this.#legacy?.clients;
  }

  #report(error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#options.notice(`a request failed: ${reason}`);
  }

  #open(names: readonly string[], parsed: ParsedConfig): Map<string, Upstream> {
    const { config, certificates = new Map() } = parsed;
    const { upstreams, keys } = config;
    const { modules, methods = [] } = this.#options;
    const callers = { passesCredentials: () => this.#callers?.forwardsCredentials ?? true };
    const options = {
      modules,
      methods,
      callers,
      keys,
      parking: this.#parking,
      onWarning: this.#warn,
    };
    const opened = new Map<string, Upstream>();
    return closingOnFailure(opened, () => {
      for (const name of names) {
        const own = upstreams[name] as UpstreamConfig;
        const tls = upstreamTlsOf(own, certificates);
        const credentials = this.#credentialsOf(name, own, parsed);
        const created = createUpstream(name, own, { ...options, tls, credentials });
        opened.set(name, withSkillRules(created, own, options));
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
    const share = this.#options.sharing?.cache?.(() => this.#space);
    return createResponseCaching(cache, { methods, share, onWarning: this.#warn });
  }

  #createLimits(config: CompleteConfig): Middleware | undefined {
    if (config.limits.length === 0) return undefined;
    const counters = this.#options.sharing?.counters(config.limits);
    const limits = createLimits(config.limits, { ...counters, keys: this.#keysOf(config) });
    return this.#traced("limits", limits);
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

  /** Closes an upstream once no exchange can use it, at the latest after `drainMs`. */
  async #retire(
    upstream: Upstream | undefined,
    { drainMs }: CompleteConfig,
    exchangesEnded: Promise<void>,
  ): Promise<void> {
    if (upstream === undefined) return;
    const endsAt = performance.now() + drainMs;
    await settledWithin(exchangesEnded, drainMs);
    const leftMs = Math.max(0, endsAt - performance.now());
    await upstream.close(leftMs).catch((error: unknown) => this.#warn(upstream.name, error));
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

/** Resolves when the work has ended, at the latest after `ms` milliseconds. */
function settledWithin(work: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function closingOnFailure<T>(opened: ReadonlyMap<string, Upstream>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    for (const upstream of opened.values()) void upstream.close(0).catch(() => {});
    throw error;
  }
}

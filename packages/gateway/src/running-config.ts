/** The configuration that is in force: its upstreams, its cache, its plan; and how another replaces it. */
import { isDeepStrictEqual } from "node:util";
import { coreMethods, type Middleware } from "lutra/protocol";
import { randomKeys, type SealKey } from "lutra/server";
import { createResponseCaching, type ResponseCaching } from "./cache/response-caching.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import { diffConfig } from "./config/diff.ts";
import type { ParsedConfig } from "./config/parse-config.ts";
import type { UpstreamConfig } from "./config/schema.ts";
import type { GatewayOptions } from "./gateway.ts";
import { createLimits } from "./limits/limits.ts";
import { createPlan, type Plan } from "./routing-plan.ts";
import { createUpstream } from "./upstreams/create-upstream.ts";
import type { Upstream } from "./upstreams/upstream.ts";

export interface RunningConfigOptions extends Pick<GatewayOptions, "modules" | "methods"> {
  readonly notice: (line: string) => void;
}

export class RunningConfig {
  readonly #options: RunningConfigOptions;
  /** Where the configuration has no keys, nobody else can open what this process seals. */
  readonly #ownKeys: readonly SealKey[] = randomKeys();
  #parsed: ParsedConfig;
  #parts: Parts;
  #plan: Plan;
  #generation = 0;
  #isClosed = false;

  /** @throws {TypeError} for upstreams that this program can't have */
  constructor(parsed: ParsedConfig, options: RunningConfigOptions) {
    this.#options = options;
    this.#parsed = parsed;
    const { config } = parsed;
    const upstreams = this.#open(Object.keys(config.upstreams), config);
    [this.#parts, this.#plan] = closingOnFailure(upstreams, () => {
      const parts = {
        upstreams,
        caching: this.#createCaching(config),
        limits: this.#createLimits(config),
      };
      return [parts, this.#createPlan(config, parts)];
    });
  }

  get parsed(): ParsedConfig {
    return this.#parsed;
  }

  get config(): CompleteConfig {
    return this.#parsed.config;
  }

  get upstreams(): readonly Upstream[] {
    return [...this.#parts.upstreams.values()];
  }

  get caching(): ResponseCaching | undefined {
    return this.#parts.caching;
  }

  get plan(): Plan {
    return this.#plan;
  }

  /**
   * Puts another configuration in force, once the upstreams that it brings answer or have had their
   * time. Requests that are under way end where they began. When it rejects, nothing has changed.
   *
   * @throws {TypeError} for a change of sockets or of the log, and for what can't be had
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
    const [before, oldPlan] = [this.#parts, this.#plan];
    this.#generation += 1;
    [this.#parts, this.#plan] = closingOnFailure(opened, () => {
      if (this.#isClosed) throw new TypeError("the gateway has ended");
      const parts = this.#partsOf(config, opened);
      return [parts, this.#createPlan(config, parts)];
    });
    this.#parsed = next;
    // From here on nothing new goes the old way.
    void oldPlan.close();
    if (before.caching !== this.#parts.caching) before.caching?.close();
    else for (const name of changed) this.#forgetResponses(name);
    for (const name of [...gone, ...changed]) this.#close(before.upstreams.get(name), config);
  }

  /** Ends subscriptions with their graceful result; other requests go on. */
  async drain(): Promise<void> {
    await this.#plan.close();
    for (const upstream of this.upstreams) upstream.drain?.();
  }

  /** Frees everything. Subscriptions must have ended, and requests be over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.drain();
    this.caching?.close();
    await Promise.all(this.upstreams.map((upstream) => upstream.close(0)));
  }

  #open(names: readonly string[], { upstreams }: CompleteConfig): Map<string, Upstream> {
    const { modules, methods = [] } = this.#options;
    const opened = new Map<string, Upstream>();
    return closingOnFailure(opened, () => {
      for (const name of names) {
        const config = upstreams[name] as UpstreamConfig;
        opened.set(name, createUpstream(name, config, { modules, methods }));
      }
      return opened;
    });
  }

  /** What another configuration needs: as much as possible of what there is. */
  #partsOf(config: CompleteConfig, opened: ReadonlyMap<string, Upstream>): Parts {
    const before = this.config;
    const { upstreams, caching, limits } = this.#parts;
    const of = (name: string) => (opened.get(name) ?? upstreams.get(name)) as Upstream;
    const hasCache = isDeepStrictEqual(before.cache, config.cache);
    const limiting = ({ limits: all, keys }: CompleteConfig) => [all, keys];
    // What was used up of a limit stays used up.
    const hasLimits = isDeepStrictEqual(limiting(before), limiting(config));
    return {
      upstreams: new Map(Object.keys(config.upstreams).map((name) => [name, of(name)])),
      caching: hasCache ? caching : this.#createCaching(config),
      limits: hasLimits ? limits : this.#createLimits(config),
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

  #createPlan(config: CompleteConfig, parts: Parts): Plan {
    return createPlan({
      ...parts,
      config,
      methods: this.#options.methods ?? [],
      keys: this.#keysOf(config),
      generation: this.#generation,
      onWarning: this.#warn,
    });
  }

  #keysOf({ keys }: CompleteConfig): readonly SealKey[] {
    return keys ?? this.#ownKeys;
  }

  /** What another server said under this name is not what this one says. */
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
 * How long an upstream may take to come up, in milliseconds. Modules are started here and load what
 * they need; the rest is there or is not.
 */
export function readyMsOf(config: UpstreamConfig | undefined): number {
  return config?.module === undefined ? 5000 : 120_000;
}

/** What is made for a configuration; another one takes over what it leaves as it is. */
interface Parts {
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly caching: ResponseCaching | undefined;
  readonly limits: Middleware | undefined;
}

function closingOnFailure<T>(opened: ReadonlyMap<string, Upstream>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    for (const upstream of opened.values()) void upstream.close(0).catch(() => {});
    throw error;
  }
}

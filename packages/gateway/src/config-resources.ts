/** The resources of each configuration: its upstreams, the cache, and the limits. */
import { coreMethods, type Middleware } from "lutra/protocol";
import { createResponseCaching, type ResponseCaching } from "./cache/response-caching.ts";
import { upstreamTlsOf } from "./config/certificates.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import { upstreamSettings } from "./config/diff.ts";
import type { ParsedConfig } from "./config/parse-config.ts";
import type { UpstreamConfig } from "./config/schema.ts";
import {
  type UpstreamCredentials,
  upstreamCredentialsOf,
} from "./credentials/upstream-credentials.ts";
import type { LastingParts } from "./lasting-parts.ts";
import { LimitUse } from "./limits/limit-use.ts";
import { createLimits } from "./limits/limits.ts";
import { type Ending, type NeededResource, ResourceSet } from "./resource-set.ts";
import { tracedWait } from "./tracing/waiting.ts";
import { type CreateUpstreamOptions, createUpstream } from "./upstreams/create-upstream.ts";
import type { Upstream } from "./upstreams/upstream.ts";

export interface ConfigResources {
  readonly set: ResourceSet;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Undefined if the cache is disabled. */
  readonly caching: ResponseCaching | undefined;
  readonly limits: OpenLimits;
}

interface OpenLimits {
  /** Undefined for a configuration without limits. */
  readonly middleware: Middleware | undefined;
  /** The use of each limit, in their order. Empty if nothing shows it. */
  readonly uses: readonly LimitUse[];
}

/** The names of the resources, by which a reload finds the unchanged ones. */
const names = {
  upstream: (name: string) => `upstreams.${name}`,
  cache: "cache",
  limits: "limits",
} as const;

/**
 * Opens the resources of a configuration, except for those that the set before has with equal settings.
 *
 * @throws {TypeError} for an upstream that this program cannot run; nothing stays open
 */
export function openResources(
  parsed: ParsedConfig,
  lasting: LastingParts,
  before?: ResourceSet,
): ConfigResources {
  const set = new ResourceSet(before);
  try {
    const upstreams = Object.entries(parsed.config.upstreams).map(([name, config]) => {
      return [name, set.take(neededUpstream(name, config, { parsed, lasting }))] as const;
    });
    return {
      set,
      upstreams: new Map(upstreams),
      caching: set.take(neededCache(parsed.config, lasting)),
      limits: set.take(neededLimits(parsed.config, lasting)),
    };
  } catch (error) {
    void set.discard();
    throw error;
  }
}

/** True if requests to unchanged upstreams pass the same cache and limits as before. */
export function keepsPolicies({ set }: ConfigResources): boolean {
  return set.keeps(names.cache) && set.keeps(names.limits);
}

/** Returns the upstreams that the set before does not have, by name. */
export function newUpstreams({ set, upstreams }: ConfigResources): ReadonlyMap<string, Upstream> {
  return new Map([...upstreams].filter(([name]) => !set.keeps(names.upstream(name))));
}

/** Drops the cached responses of upstreams that are now other servers. */
export function forgetResponses(resources: ConfigResources): void {
  const { set, caching } = resources;
  if (!set.keeps(names.cache)) return;
  for (const name of newUpstreams(resources).keys()) {
    for (const { name: method, cacheable } of coreMethods) {
      if (cacheable) void caching?.forget(name, { method });
    }
  }
}

interface UpstreamContext {
  readonly parsed: ParsedConfig;
  readonly lasting: LastingParts;
}

function neededUpstream(
  name: string,
  config: UpstreamConfig,
  context: UpstreamContext,
): NeededResource<Upstream> {
  const { parsed, lasting } = context;
  return {
    name: names.upstream(name),
    settings: upstreamSettings(name, parsed),
    open: () => createUpstream(name, config, upstreamOptions(name, config, context)),
    close: (upstream, ending) =>
      retire(upstream, ending).catch((error: unknown) => lasting.warn(name, error)),
  };
}

function upstreamOptions(
  name: string,
  config: UpstreamConfig,
  { parsed, lasting }: UpstreamContext,
): CreateUpstreamOptions {
  const { options, parking, responses, passesCredentials, warn } = lasting;
  const { modules, methods = [] } = options;
  const { certificates = new Map(), config: whole } = parsed;
  return {
    modules,
    methods,
    parking,
    responses,
    callers: { passesCredentials },
    keys: whole.keys,
    tls: upstreamTlsOf(config, certificates),
    credentials: credentialsOf(name, config, { parsed, lasting }),
    onWarning: warn,
  };
}

function credentialsOf(
  name: string,
  config: UpstreamConfig,
  { parsed, lasting }: UpstreamContext,
): UpstreamCredentials | undefined {
  const { auth } = config;
  if (auth?.grant === "sign-in") {
    return lasting.signIns?.credentialsFor(name, { ...config, auth }, parsed);
  }
  const { secretFiles = new Map() } = parsed;
  return upstreamCredentialsOf(name, config, { secretFiles, onWarning: lasting.warn });
}

/** Closes an upstream once no exchange can use it, at the latest after `graceMs`. */
async function retire(upstream: Upstream, { unused, graceMs }: Ending): Promise<void> {
  const endsAt = performance.now() + graceMs;
  if (graceMs > 0) await settledWithin(unused, graceMs);
  await upstream.close(Math.max(0, endsAt - performance.now()));
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

function neededCache(
  { cache }: CompleteConfig,
  { options, space, warn }: LastingParts,
): NeededResource<ResponseCaching | undefined> {
  return {
    name: names.cache,
    settings: cache,
    open: () => {
      if (cache === false) return undefined;
      const methods = [...coreMethods, ...(options.methods ?? [])];
      const share = options.sharing?.cache?.(space);
      return createResponseCaching(cache, { methods, share, onWarning: warn });
    },
    close: (caching) => caching?.close(),
  };
}

/** Unchanged limits keep their counts. */
function neededLimits(
  config: CompleteConfig,
  { options, keysOf }: LastingParts,
): NeededResource<OpenLimits> {
  const { limits, keys } = config;
  return {
    name: names.limits,
    settings: [limits, keys],
    open: () => {
      if (limits.length === 0) return { middleware: undefined, uses: [] };
      const counters = options.sharing?.counters(limits);
      // Only the console shows the use.
      const uses = options.observer === undefined ? [] : limits.map(() => new LimitUse());
      const created = createLimits(limits, { ...counters, keys: keysOf(config), uses });
      const isTraced = options.startTrace !== undefined;
      return { middleware: isTraced ? tracedWait("limits", created) : created, uses };
    },
  };
}

/** The settings of the endpoints that a configuration describes: their callers, routes and rules. */
import { isDeepStrictEqual } from "node:util";
import { createNodeEndpoint, httpRules } from "lutra/internal";
import { legacyVersionsOf, type Middleware } from "lutra/protocol";
import { createLegacyClients } from "./bridge/legacy-clients.ts";
import { type Callers, createCallers } from "./callers.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import { type EndpointConfig, endpointsOf } from "./config/endpoints.ts";
import type { ParsedConfig } from "./config/parse-config.ts";
import { requireCallers } from "./config/upstream-grants.ts";
import { type ConfigResources, keepsPolicies } from "./config-resources.ts";
import { EndpointTable, type HandlerSettings } from "./endpoint-table.ts";
import { createGuard } from "./guard/create-guard.ts";
import { createPeers } from "./head/peers.ts";
import type { LastingParts } from "./lasting-parts.ts";
import { createRoutingPlan, type RoutingPlan } from "./routing-plan.ts";
import { tracedWait } from "./tracing/waiting.ts";

export interface EndpointsInput {
  readonly parsed: ParsedConfig;
  readonly resources: ConfigResources;
  readonly lasting: LastingParts;
  /** The number of the configuration. It separates the cached responses of different ones. */
  readonly generation: number;
  /** The configuration in use, and its endpoints. Undefined at the start. */
  readonly before?: { readonly config: CompleteConfig; readonly table: EndpointTable } | undefined;
  /** Returns the endpoints in use. */
  readonly current: () => EndpointTable | undefined;
}

/**
 * Creates the settings of all endpoints. Their plans take over the subscriptions of those before to
 * unchanged upstreams, where requests are treated as before.
 *
 * @throws {TypeError} for files that were not loaded with the configuration
 * @throws {ConfigError} for an upstream that needs verified callers
 */
export function createEndpoints(input: EndpointsInput): EndpointTable {
  const { parsed, resources, lasting, before } = input;
  const { config } = parsed;
  requireCallers(config, { hasAuthenticate: lasting.options.authenticate !== undefined });
  const shared = {
    ...input,
    peers: createPeers(config.listen.trustedProxies),
    guard: guardOf(parsed, lasting),
  };
  const known = new Map(before && endpointsOf(before.config).map((one) => [one.name, one]));
  const created: HandlerSettings[] = [];
  try {
    for (const own of endpointsOf(config)) {
      const earlier = known.get(own.name)?.config;
      const isKept = earlier !== undefined && keepsSubscriptions(earlier, own.config, resources);
      const plan = isKept ? before?.table.named(own.name)?.plan : undefined;
      created.push(settingsOf(own, plan, shared));
    }
  } catch (error) {
    for (const { name, plan } of created) void plan.close(before?.table.named(name)?.plan);
    throw error;
  }
  return new EndpointTable(created);
}

interface SharedInput extends EndpointsInput {
  readonly peers: HandlerSettings["peers"];
  readonly guard: Middleware | undefined;
}

/** @param before The plan whose subscriptions continue */
function settingsOf(
  own: EndpointConfig,
  before: RoutingPlan | undefined,
  input: SharedInput,
): HandlerSettings {
  const { resources, lasting, generation, peers, guard } = input;
  const { options, keysOf, warn, report, signIns, responses } = lasting;
  const parsed = parsedFor(own, input.parsed);
  const callers = createCallers(parsed, own.sharesCallers ? options : {}, report);
  const { name, hosts, path, config } = own;
  const {
    upstreams,
    caching,
    limits: { middleware: limits },
  } = resources;
  const endpoint = endpointOf(own, callers, input);
  const plan = createRoutingPlan({
    ...{ config, upstreams, caching, limits, guard, generation, before },
    endpoint: name,
    methods: options.methods ?? [],
    keys: keysOf(config),
    onWarning: warn,
  });
  const pages = name === undefined ? signIns?.pages(parsed) : undefined;
  const { startTrace, observer } = options;
  const common = { responses, startTrace, observer };
  return { name, hosts, path, endpoint, peers, callers, plan, pages, ...common };
}

/** Returns what was loaded with the configuration, as it applies to one endpoint. */
function parsedFor(
  { name = "", config, sharesCallers }: EndpointConfig,
  { endpointCallers = new Map(), ...parsed }: ParsedConfig,
): ParsedConfig {
  const authenticate = sharesCallers ? parsed.authenticate : endpointCallers.get(name);
  return { ...parsed, config, authenticate };
}

function endpointOf(
  { name, hosts, config: { listen } }: EndpointConfig,
  callers: Callers | undefined,
  { resources, lasting, current }: EndpointsInput,
): HandlerSettings["endpoint"] {
  const { allowedOrigins, maxBodyBytes, versions } = listen;
  const allowedHosts = hosts.length > 0 ? hosts : listen.allowedHosts;
  const legacyVersions = legacyVersionsOf(versions);
  const options = {
    ...(allowedHosts && { allowedHosts }),
    allowedOrigins,
    maxBodyBytes,
    onError: lasting.report,
  };
  const rules = {
    ...httpRules(options, "listen", legacyVersions),
    resource: callers?.resource,
  };
  const {
    currentKeys: keys,
    options: { events },
  } = lasting;
  const plan = () => current()?.named(name)?.plan;
  // The part for legacy clients keeps their open calls over reloads.
  const legacy = resources.set.take({
    name: `legacy clients of ${name ?? "the endpoint"}`,
    settings: legacyVersions,
    open: () => createLegacyClients({ versions: legacyVersions, rules, keys, plan, events }),
  });
  return createNodeEndpoint(rules, legacy);
}

function guardOf(
  { config, guard: module }: ParsedConfig,
  { options, warn }: LastingParts,
): Middleware | undefined {
  if (config.guard === undefined) return undefined;
  const guard = createGuard(config.guard, { module, onWarning: warn });
  return options.startTrace === undefined ? guard : tracedWait("guard", guard);
}

/**
 * True if a configuration treats the requests to unchanged upstreams as the one before does. The
 * callers in other files may have changed, so their subscriptions end.
 */
function keepsSubscriptions(
  before: CompleteConfig,
  next: CompleteConfig,
  resources: ConfigResources,
): boolean {
  const { tokensFile, module } = next.auth ?? {};
  if (tokensFile !== undefined || module !== undefined) return false;
  if (!keepsPolicies(resources)) return false;
  const policyOf = ({ name, keys, routes, auth, guard, switchedOff }: CompleteConfig) => {
    return [name, keys, routes, auth, guard, switchedOff];
  };
  return isDeepStrictEqual(policyOf(before), policyOf(next));
}

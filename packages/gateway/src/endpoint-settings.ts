/** The settings of the endpoint that a configuration describes: its callers, routes and rules. */
import { isDeepStrictEqual } from "node:util";
import { createNodeEndpoint, type HttpRules, httpRules, type NodeLegacy } from "lutra/internal";
import { legacyVersionsOf, type Middleware } from "lutra/protocol";
import { createLegacyClients } from "./bridge/legacy-clients.ts";
import { type Callers, createCallers } from "./callers.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import type { ParsedConfig } from "./config/parse-config.ts";
import { type ConfigResources, keepsPolicies } from "./config-resources.ts";
import { createGuard } from "./guard/create-guard.ts";
import type { HandlerSettings } from "./handler.ts";
import { createPeers } from "./head/peers.ts";
import type { LastingParts } from "./lasting-parts.ts";
import { createRoutingPlan, type RoutingPlan } from "./routing-plan.ts";
import { tracedWait } from "./tracing/waiting.ts";

export interface EndpointInput {
  readonly parsed: ParsedConfig;
  readonly resources: ConfigResources;
  readonly lasting: LastingParts;
  /** The number of the configuration. It separates the cached responses of different ones. */
  readonly generation: number;
  /** The configuration in use, and its plan. Undefined at the start. */
  readonly before?: { readonly config: CompleteConfig; readonly plan: RoutingPlan } | undefined;
  /** Returns the plan in use. */
  readonly plan: () => RoutingPlan | undefined;
}

/**
 * Creates the settings. The plan in them takes over the subscriptions of the one before to unchanged
 * upstreams, if requests are treated as before.
 *
 * @throws {TypeError} for files that were not loaded with the configuration
 * @throws {ConfigError} for an upstream that needs verified callers
 */
export function createEndpointSettings(input: EndpointInput): HandlerSettings {
  const { parsed, resources, lasting, generation, before } = input;
  const { config } = parsed;
  const { options, keysOf, warn, report, signIns } = lasting;
  const callers = createCallers(parsed, options, report);
  const {
    upstreams,
    caching,
    limits: { middleware: limits },
  } = resources;
  const endpoint = endpointOf(input, callers);
  const guard = guardOf(parsed, lasting);
  const plan = createRoutingPlan({
    ...{ config, upstreams, caching, limits, guard, generation },
    before:
      before && keepsSubscriptions(before.config, config, resources) ? before.plan : undefined,
    methods: options.methods ?? [],
    keys: keysOf(config),
    onWarning: warn,
  });
  return {
    endpoint,
    peers: createPeers(config.listen.trustedProxies),
    callers,
    plan,
    pages: signIns?.pages(parsed),
    startTrace: options.startTrace,
    observer: options.observer,
  };
}

function endpointOf(
  { parsed, resources, lasting, plan }: EndpointInput,
  callers: Callers | undefined,
): HandlerSettings["endpoint"] {
  const { allowedHosts, allowedOrigins, maxBodyBytes, versions } = parsed.config.listen;
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
  const legacy = legacyClients(legacyVersions, rules, { resources, lasting, plan });
  return createNodeEndpoint(rules, legacy);
}

/** Returns the part of the endpoint for legacy clients, which keeps their open calls over reloads. */
function legacyClients(
  versions: readonly string[],
  rules: HttpRules,
  { resources, lasting, plan }: Pick<EndpointInput, "resources" | "lasting" | "plan">,
): NodeLegacy | undefined {
  const { options, currentKeys: keys } = lasting;
  const { events } = options;
  return resources.set.take({
    name: "legacy clients",
    settings: versions,
    open: () => createLegacyClients({ versions, rules, keys, plan, events }),
  });
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

/**
 * Clients of earlier revisions at the gateway: their sessions end here, and upstreams receive requests
 * of the current revision.
 */
import { createNodeLegacy, type HttpRules, type NodeLegacy } from "lutra/internal";
import type { SealKey } from "lutra/server";
import { createMemoryEventBus, createMemoryHandleStore, type EventBus } from "lutra/stores";
import { observeSession } from "../eras/observe-client.ts";
import type { RoutingPlan } from "../routing-plan.ts";
import { currentSealer } from "./current-sealer.ts";
import { createRoutedServe, recordInMembers } from "./serve-routed.ts";

export interface LegacyClientsOptions {
  /** The versions with sessions that are served, the newest first. */
  readonly versions: readonly string[];
  readonly rules: HttpRules;
  /** Returns the current keys, which seal the ids of sessions. */
  readonly keys: () => readonly SealKey[];
  /** Connects the gateways that share the sessions. @default this process has its own */
  readonly events?: EventBus | undefined;
  /** Returns the current plan. */
  readonly plan: () => RoutingPlan | undefined;
}

/** Creates the part of the endpoint for legacy clients. It outlives reloads of the configuration. */
export function createLegacyClients(options: LegacyClientsOptions): NodeLegacy | undefined {
  const { versions, rules, keys, plan, events = createMemoryEventBus() } = options;
  if (versions.length === 0) return undefined;
  const sessions = {
    sealer: currentSealer(keys),
    events,
    handles: createMemoryHandleStore(),
  };
  const server = { serve: createRoutedServe(plan), sessions };
  return createNodeLegacy(server, rules, {
    versions,
    load: () => import("lutra/legacy"),
    onMessage: ({ session, received, members }) => {
      const record = recordInMembers(members);
      if (record !== undefined) observeSession(record, session, received);
    },
  });
}
